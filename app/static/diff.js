// Where two readings differ, word by word: the longest common subsequence, line by line first, so that it stays quick.

const MOST = 4000000; // cells of the table that it takes; beyond, the rest counts as different

// [[kind, word], …] with kind "same", "gone" (only in the first) or "new" (only in the second).
export function difference(one, other) {
  const steps = [];
  for (const [kind, lines] of runs(common(one, other))) {
    if (kind === "same") steps.push(...lines.map((line) => ["same", `${line}\n`]));
    else steps.push(...common(...lines.map(words)));
  }
  return steps;
}

const words = (lines) => lines.flatMap((line) => `${line}\n`.match(/[^\S\n]*\S+\n?|\n/g) || []);

// Neighbouring lines that differ become one run: ["changed", [of the first, of the second]].
function runs(steps) {
  const found = [];
  for (const [kind, line] of steps) {
    const last = found.at(-1);
    if (kind === "same") {
      if (last?.[0] === "same") last[1].push(line); else found.push(["same", [line]]);
      continue;
    }
    if (last?.[0] !== "changed") found.push(["changed", [[], []]]);
    found.at(-1)[1][kind === "gone" ? 0 : 1].push(line);
  }
  return found;
}

function common(one, other) {
  let [begin, end] = [0, 0];
  while (begin < Math.min(one.length, other.length) && one[begin] === other[begin]) begin += 1;
  while (end < Math.min(one.length, other.length) - begin && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [a, b] = [one.slice(begin, one.length - end), other.slice(begin, other.length - end)];
  const same = (part) => part.map((word) => ["same", word]);
  return [...same(one.slice(0, begin)), ...middle(a, b), ...same(end ? one.slice(-end) : [])];
}

function middle(a, b) {
  if (!a.length || !b.length || a.length * b.length > MOST) return [...a.map((word) => ["gone", word]), ...b.map((word) => ["new", word])];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const steps = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) { steps.push(["same", a[i]]); i += 1; j += 1; }
    else if (i < a.length && (j === b.length || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) steps.push(["gone", a[i++]]);
    else steps.push(["new", b[j++]]);
  }
  return steps;
}
