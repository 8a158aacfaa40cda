// What a person sees of the panels of a page; runs in the browser.

export interface Cell {
  column: string;
  text: string;
  // does the text not fit?
  cut: boolean;
  href: string | null;
}

export interface Seen {
  title: string;
  // of a table, those that are drawn, and how many there are
  cells: Cell[];
  rows: number | null;
  // all that the panel says below its title
  text: string;
  // the names and numbers of a stat panel, with the background
  values: { name: string; value: string; background: string }[];
  // does it have a graph, and does the panel say that its query failed?
  graph: boolean;
  failed: boolean;
  top: number;
  bottom: number;
  // texts whose contrast is too low, with the contrast
  faint: string[];
  // texts that are too small to be read, with their size, or that leave the panel
  small: string[];
}

export function look(): Seen[] {
  type Color = [number, number, number, number];

  const parse = (color: string): Color => {
    const [r, g, b, a = 1] = (color.match(/[\d.]+/g) ?? ['0', '0', '0', '0']).map(Number);
    return [r, g, b, a];
  };
  const over = (above: Color, below: Color): Color => [
    ...([0, 1, 2].map((i) => above[i] * above[3] + below[i] * (1 - above[3])) as [number, number, number]), 1,
  ];
  const backgroundOf = (element: Element | null): Color => {
    if (element === null) {
      return [255, 255, 255, 1];
    }
    const color = parse(getComputedStyle(element).backgroundColor);
    return color[3] === 1 ? color : over(color, backgroundOf(element.parentElement));
  };
  const luminance = ([r, g, b]: Color): number => {
    const [x, y, z] = [r, g, b].map((value) => (value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (element: Element): number => {
    const background = backgroundOf(element);
    const [x, y] = [luminance(over(parse(getComputedStyle(element).color), background)), luminance(background)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  // Elements with a text of their own.
  const texts = (panel: Element) =>
    [...panel.querySelectorAll('*')].filter((element) =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== '')
    );
  const visible = (element: Element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && getComputedStyle(element).visibility === 'visible';
  };
  // The words of a cell, without its buttons.
  const words = (cell: Element) => {
    const copy = cell.cloneNode(true) as Element;
    copy.querySelectorAll('.table-cell-actions').forEach((actions) => actions.remove());
    return copy.textContent!.trim();
  };

  return [...document.querySelectorAll('section[data-testid^="data-testid Panel header "]')].map((panel) => {
    const grid = panel.querySelector('[role=grid]');
    const columns = [...panel.querySelectorAll('[role=columnheader]')].map((header) => header.textContent!.trim());
    const { top, bottom } = panel.getBoundingClientRect();
    return {
      title: panel.getAttribute('data-testid')!.replace('data-testid Panel header ', ''),
      cells: [...panel.querySelectorAll('[role=gridcell]')].map((cell) => ({
        column: columns[Number(cell.getAttribute('aria-colindex')) - 1],
        text: words(cell),
        cut: [cell, ...cell.querySelectorAll('a, span')].some((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0),
        href: cell.querySelector('a')?.getAttribute('href') ?? null,
      })),
      rows: grid && Number(grid.getAttribute('aria-rowcount')) - 1,
      text: (panel.querySelector('[data-testid="data-testid panel content"]') ?? panel).textContent!.trim(),
      values: grid ? [] : [...panel.querySelectorAll('[data-testid="data-testid panel content"] div[style*="position: absolute"]')]
        .map((block) => texts(block))
        .filter((leaves) => leaves.length > 0)
        .map(([name, ...values]) => ({
          name: name.textContent!, value: values.map((value) => value.textContent).join(''), background: backgroundOf(name).slice(0, 3).join(','),
        })),
      graph: panel.querySelector('.u-over') !== null,
      failed: panel.querySelector('[data-testid="data-testid Panel status error"]') !== null,
      top, bottom,
      faint: texts(panel)
        .filter(visible)
        .map((element) => ({ element, ratio: contrast(element), large: parseFloat(getComputedStyle(element).fontSize) >= 24 }))
        .filter(({ ratio, large }) => ratio < (large ? 3 : 4.5))
        .map(({ element, ratio }) => `${element.textContent!.trim().slice(0, 40)} (${ratio.toFixed(1)})`),
      small: (grid ? [] : texts(panel))
        .filter(visible)
        .filter((element) => parseFloat(getComputedStyle(element).fontSize) < 9 || element.getBoundingClientRect().bottom > bottom)
        .map((element) => `${element.textContent!.trim().slice(0, 40)} (${getComputedStyle(element).fontSize})`),
    };
  });
}
