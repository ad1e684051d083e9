import { readdirSync, readFileSync } from "node:fs";

/** Linux counts processor time in ticks of 10 ms (getconf CLK_TCK). */
const tickMicros = 10_000;

/** These processes and all below them, as of now. */
function familyOf(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : null;
    if (stat !== null) children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const family: number[] = [];
  const visit = (pid: number): void => {
    family.push(pid);
    for (const child of children.get(pid) ?? []) visit(child);
  };
  for (const root of roots) visit(root);
  return family;
}

/**
 * Starts a measurement over named groups of processes, each given by its first. The returned function ends it:
 * processor time per message, in all and by group.
 */
export function cpuSince(roots: Readonly<Record<string, number>>) {
  const before = Object.entries(roots).map(([name, pid]) => ({ name, pid, micros: cpuMicros([pid]) }));
  return (messages: number): { readonly cpuMicros: number; readonly cpuBy: Readonly<Record<string, number>> } => {
    const spent = before.map(
      ({ name, pid, micros }) => [name, (cpuMicros([pid]) - micros) / Math.max(1, messages)] as const,
    );
    return { cpuMicros: spent.reduce((sum, [, micros]) => sum + micros, 0), cpuBy: Object.fromEntries(spent) };
  };
}

/** Processor time that these processes, those below them and those that ended below them have used. */
function cpuMicros(roots: readonly number[]): number {
  return familyOf(roots).reduce((sum, pid) => sum + (readStat(pid)?.cpuTicks ?? 0), 0) * tickMicros;
}

/** Memory that these processes and those below them hold. */
export function residentMb(roots: readonly number[]): number {
  const kilobytes = familyOf(roots).map((pid) => {
    const status = readOrNull(`/proc/${pid}/status`) ?? "";
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

function readStat(pid: number): { readonly parent: number; readonly cpuTicks: number } | null {
  const text = readOrNull(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name in brackets may hold spaces; behind it stand the numbered fields from 3 on (man proc_pid_stat).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  return { parent: field(4), cpuTicks: field(14) + field(15) + field(16) + field(17) };
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // It ended between the listing and the look.
    return null;
  }
}
