// rounds.mjs
//
// Contenders measured in turn.

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// Run each name, one after the other, in as many rounds.  "run" gives the seconds and
// the memory in MB of a name's run, or nothing where it did not end in time; that one
// is not tried again.  The median of each one's times, nothing for one that did not
// end, and its largest memory.
export async function inTurn(names, rounds, run) {
  const times = Object.fromEntries(names.map((name) => [name, []]));
  const memory = {};

  for (let round = 0; round < rounds; round++) {
    for (const name of names.filter((each) => times[each] !== null)) {
      const ran = await run(name);

      if (ran === null) times[name] = null;
      else {
        times[name].push(ran.time);
        memory[name] = Math.max(memory[name] ?? 0, ran.memory);
      }
    }
  }
  for (const name of names) times[name] = times[name] && median(times[name]);
  return { times, memory };
}
