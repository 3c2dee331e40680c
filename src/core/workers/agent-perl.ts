import {KILL} from './attempt-scripts.js'

/**
 * The agent in Perl (5.8 or newer, no modules but Fcntl), as `agent-scripts.ts` describes it. Arguments: marker, folder of attempts.
 * It supervises all its attempts itself, so it goes on without its channel until the last of them has ended.
 */
export const PERL_AGENT = String.raw`
use strict; use Fcntl qw(O_WRONLY O_CREAT O_EXCL);
my ($mark, $root) = @ARGV;
my $mask = umask 077;
$SIG{PIPE} = $SIG{HUP} = 'IGNORE';
pipe my $child_ended, my $child_end or exit;
$SIG{CHLD} = sub { syswrite $child_end, 'x' };
my $kill = <<'HELIX_SCRIPT';
${KILL}
HELIX_SCRIPT
my ($in, $out, $open) = ('', '', 1);
my (%attempts, %killers);

sub slurp { my ($path) = @_; open my $file, '<', $path or return ''; local $/; my $text = <$file>; defined $text ? $text : '' }
sub uptime { my ($up) = slurp('/proc/uptime') =~ /^([\d.]+)/; defined $up ? $up : time }
sub boot {
  my $boot = slurp('/proc/sys/kernel/random/boot_id');
  $boot =~ s/\s+//g;
  if ($boot eq '') { $boot = qx(sysctl -n kern.boottime 2>/dev/null); $boot =~ tr/0-9//cd }
  $boot eq '' ? 'unknown' : $boot;
}
sub start_of {
  my ($pid) = @_;
  # The name in the second field is ours, perl, and has no spaces.
  my $start = (split ' ', slurp("/proc/$pid/stat"))[21];
  return $start if defined $start;
  $start = qx(ps -o lstart= -p $pid 2>/dev/null);
  $start =~ tr/0-9A-Za-z//cd;
  $start;
}
sub ooms {
  my $groups = slurp('/proc/self/cgroup');
  my ($v2) = $groups =~ /^\d+::(.*)$/m;
  my ($v1) = $groups =~ /^\d+:memory:(.*)$/m;
  ($v1, $v2) = map { defined $_ ? $_ : '' } $v1, $v2;
  for my $file ("/sys/fs/cgroup$v2/memory.events", "/sys/fs/cgroup/memory$v1/memory.oom_control") {
    my ($ooms) = slurp($file) =~ /^oom_kill (\d+)/m;
    return $ooms if defined $ooms;
  }
  0;
}
sub put { my ($path, $text) = @_; open my $file, '>', $path or return 0; print $file $text or return 0; close $file }
sub say_line { $out .= "$mark $_[0]\n" }
my $boot = boot();
my $owner = sprintf "1 %d %s %s\n", $$, start_of($$), $boot;

sub begin {
  my ($order, $spec) = @_;
  my ($store, $task, $attempt, $deadline, $timeout, $grace, $form, $stdin) = @$order;
  my $dir = "$root/$store/$task/$attempt";
  my $path = '';
  for (split m(/), "$dir/work") { mkdir $path .= "/$_", 0700 if $_ ne '' }
  return say_line("refused $task $attempt folder") unless -d "$dir/work" && put("$dir/spec", $spec);
  return say_line("refused $task $attempt late") unless int(uptime()) < $deadline;
  sysopen my $file, "$dir/owner", O_WRONLY | O_CREAT | O_EXCL or return say_line("refused $task $attempt exists");
  my $kept = syswrite $file, $owner;
  close $file;
  if (!$kept || $kept < length $owner) { unlink "$dir/owner"; return say_line("refused $task $attempt folder") }
  # Nobody waits longer for an owner that is there and tells nothing yet.
  if (int(uptime()) >= $deadline) { put("$dir/owner", "fenced\n"); return say_line("refused $task $attempt late") }
  my $ooms = ooms();
  my $pid = fork;
  if (!defined $pid) { put("$dir/owner", "fenced\n"); return say_line("refused $task $attempt folder") }
  become($dir, $form, $stdin, $spec) unless $pid;
  $attempts{$pid} = {task => $task, attempt => $attempt, dir => $dir, ooms => $ooms, grace => $grace, store => $store,
    until => $timeout > 0 ? uptime() + $timeout : undef};
}
sub become {
  my ($dir, $form, $stdin, $spec) = @_;
  $SIG{$_} = 'DEFAULT' for qw(INT QUIT PIPE HUP CHLD TERM);
  setpgrp 0, 0;
  put("$dir/pid", "$$\n");
  chdir $dir;
  if ($form eq 'sh') { umask $mask; exec 'sh', './spec'; CORE::exit(127) }
  open STDIN, '<', $stdin eq '-' ? '/dev/null' : substr $stdin, 1 or CORE::exit(126);
  open STDOUT, '>', 'stdout' or CORE::exit(126);
  open STDERR, '>', 'stderr' or CORE::exit(126);
  umask $mask;
  my ($cwd, $count, @words) = split /\0/, $spec, -1;
  pop @words;
  for (splice @words, 0, $count) { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value }
  $cwd = "$dir/work" if $cwd eq '';
  chdir $cwd or die_as($cwd, 126);
  $ENV{PWD} = $cwd if $cwd =~ m(^/);
  exec {$words[0]} @words;
  die_as($words[0], $! == 2 ? 127 : 126);
}
sub die_as { my ($what, $code) = @_; my $why = "$!"; syswrite STDERR, "helix: $what: $why\n"; require POSIX; POSIX::_exit($code) }

# One that ran out of time is over when everything of it is dead.
sub ended { my ($one) = @_; defined $one->{status} && !$one->{killer} }
sub finish {
  my ($one) = @_;
  my ($dir, $status) = @$one{qw(dir status)};
  my $signal = $status & 127;
  my $result = sprintf '1 %d %d %d %d', $signal ? 128 + $signal : $status >> 8, $signal ? 1 : 0, ooms() - $one->{ooms}, $one->{late} ? 1 : 0;
  put("$dir/result", "$result\n");
  my @tails = map { tail("$dir/$_") } qw(stdout stderr);
  my ($so, $se) = map { -s "$dir/$_" || 0 } qw(stdout stderr);
  say_line(sprintf 'ended %s %s %s %d %d %s %d %d', $one->{task}, $one->{attempt}, uptime(), $so, $se, $result, map { length } @tails);
  $out .= join '', @tails if $open;
}
sub tail {
  my ($path) = @_;
  my $size = -s $path or return '';
  open my $file, '<', $path or return '';
  seek $file, $size - 65536, 0 if $size > 65536;
  my $tail = '';
  1 while length $tail < 65536 && read $file, $tail, 65536 - length $tail, length $tail;
  $tail;
}
sub reap {
  while ((my $pid = waitpid -1, 1) > 0) {
    my $status = $?;
    my $one = delete $killers{$pid};
    if ($one) { delete $one->{killer} } elsif ($one = $attempts{$pid}) { $one->{status} = $status } else { next }
    next unless ended($one);
    finish($one);
    delete $attempts{$one->{pid} || $pid};
  }
}
sub end_late {
  my ($pid, $one) = @_;
  $one->{until} = undef;
  return if defined $one->{status};
  put("$one->{dir}/timeout", '');
  $one->{late} = 1;
  my $killer = fork;
  return unless defined $killer;
  if ($killer) { $killers{$killer} = $one; $one->{killer} = $killer; $one->{pid} = $pid; return }
  $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD);
  $ENV{HELIX_ATTEMPTS_ROOT} = $root;
  open STDOUT, '>', '/dev/null';
  my $script;
  open $script, '|-', 'sh', '-c', $kill and print $script "$one->{store} $one->{task} $one->{attempt} $one->{grace}\n" and close $script;
  require POSIX;
  POSIX::_exit(0);
}
sub take {
  while ($in =~ /^([^\n]*)\n/) {
    my ($line, $from) = ($1, length($1) + 1);
    my ($verb, $store, $task, $attempt, $deadline, $timeout, $grace, $form, $size, undef, $stdin) = split / /, $line, 11;
    if ($verb eq 'start') {
      return if length $in < $from + $size;
      begin([$store, $task, $attempt, $deadline, $timeout, $grace, $form, $stdin], substr $in, $from, $size);
      $from += $size;
    } elsif ($verb eq 'ping') { say_line('pong ' . uptime()) }
    substr $in, 0, $from, '';
  }
}

open STDERR, '>', '/dev/null';
say_line("ready $root perl " . uptime());
while ($open || %attempts) {
  my ($rin, $win, $next) = ('', '', undef);
  vec($rin, fileno $child_ended, 1) = 1;
  vec($rin, 0, 1) = 1 if $open;
  vec($win, 1, 1) = 1 if $open && $out ne '';
  for (values %attempts) { $next = $_->{until} if defined $_->{until} && (!defined $next || $_->{until} < $next) }
  my $wait = defined $next ? $next - uptime() : undef;
  my $found = select my $rout = $rin, my $wout = $win, undef, defined $wait && $wait < 0 ? 0 : $wait;
  if ($found > 0) {
    if (vec $rout, fileno $child_ended, 1) { sysread $child_ended, my $drained, 4096; reap() }
    if ($open && vec $rout, 0, 1) { if (sysread STDIN, $in, 65536, length $in) { take() } else { $open = 0; $out = '' } }
    if ($open && vec $wout, 1, 1) {
      my $written = syswrite STDOUT, $out, 4096;
      if (defined $written) { substr $out, 0, $written, '' } else { $open = 0; $out = '' }
    }
  }
  my $now = uptime();
  for my $pid (keys %attempts) { my $one = $attempts{$pid}; end_late($pid, $one) if defined $one->{until} && $one->{until} <= $now }
}
`
