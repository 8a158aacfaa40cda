# Files in Avro, as Event Hubs Capture writes them.
package Avro;

use strict;
use warnings;
use Compress::Raw::Zlib qw(Z_OK Z_STREAM_END MAX_WBITS);
use Exporter 'import';

our @EXPORT = qw(avro_file capture_schema);

my $sync = join '', map { chr($_ * 7 % 256) } 1 .. 16;

# What Capture says that a message is.
sub capture_schema
{
	return '{"type":"record","name":"EventData","namespace":"Microsoft.ServiceBus.Messaging","fields":['
	  . '{"name":"SequenceNumber","type":"long"},{"name":"Offset","type":"string"},{"name":"EnqueuedTimeUtc","type":"string"},'
	  . '{"name":"SystemProperties","type":{"type":"map","values":["long","double","string","bytes"]}},'
	  . '{"name":"Properties","type":{"type":"map","values":["long","double","string","bytes","null"]}},'
	  . '{"name":"Body","type":["null","bytes"]}]}';
}

# A number in zigzag and with a variable length.
sub number
{
	my ($n) = @_;
	my $z = $n >= 0 ? 2 * $n : -2 * $n - 1;
	my $bytes = '';

	while ($z >= 128)
	{
		$bytes .= chr($z % 128 + 128);
		$z = int($z / 128);
	}
	return $bytes . chr($z);
}

sub text { my ($text) = @_; return number(length $text) . $text; }

# A message; undef is a body that is null.
sub message
{
	my ($place, $body) = @_;

	return join '', number($place), text("$place"), text('2026-01-31T10:00:00.000Z'),
	  number(1), text('x-opt-enqueued-time'), number(0), number(1769853600000), number(0),
	  number(1), text('tenant'), number(2), text('contoso'), number(0),
	  defined $body ? number(1) . text($body) : number(0);
}

# Deflated without the header of zlib, as Avro has it.
sub deflate
{
	my ($data) = @_;
	my ($deflation) = Compress::Raw::Zlib::Deflate->new(-WindowBits => -MAX_WBITS(), -AppendOutput => 1);
	my $deflated = '';

	$deflation->deflate($data, $deflated) == Z_OK or die 'deflate';
	$deflation->flush($deflated) == Z_OK or die 'deflate';
	return $deflated;
}

# A file with these bodies, in blocks of some; options are codec, schema, block.
sub avro_file
{
	my ($bodies, %option) = @_;
	my $codec = $option{codec} // 'null';
	my $file = "Obj\1" . number(2) . text('avro.codec') . text($codec)
	  . text('avro.schema') . text($option{schema} // capture_schema()) . number(0) . $sync;
	my @bodies = @$bodies;
	my $place = 0;

	while (my @block = splice @bodies, 0, $option{block} // 3)
	{
		my $data = join '', map { message($place++, $_) } @block;

		$data = deflate($data) if $codec eq 'deflate';
		$file .= number(scalar @block) . text($data) . $sync;
	}
	return $file;
}

1;
