import type { SourceFile } from './sourceFile.ts';
import type { Violation } from './violation.ts';

const LINE_COLUMNS_MAX = 100;
const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 500;
const P90_LINES_MAX = 300;
/** Below this many files a percentile says nothing. */
const P90_FILES_MIN = 20;
/** A run of characters without a space that no formatter can break: hex, a URL. */
const UNBREAKABLE = /[^\s]{60,}/;

/** Lines, functions and files stay small enough to be read. */
export function checkSizes(files: readonly SourceFile[]): Violation[] {
  const violations = files.flatMap((file) => [...checkLines(file), ...checkLength(file)]);
  return [...violations, ...checkPercentile(files)];
}

function checkLines(file: SourceFile): Violation[] {
  const violations: Violation[] = [];
  for (const [index, text] of file.lines.entries()) {
    if (text.length <= LINE_COLUMNS_MAX || UNBREAKABLE.test(text)) continue;
    const message = `${text.length} columns; the limit is ${LINE_COLUMNS_MAX}`;
    violations.push({ path: file.path, line: index + 1, rule: 'line-columns', message });
  }
  for (const { name, line, lineCount, groupsTests } of file.functions) {
    if (lineCount <= FUNCTION_LINES_MAX || groupsTests) continue;
    const message = `${name} has ${lineCount} lines; the limit is ${FUNCTION_LINES_MAX}`;
    violations.push({ path: file.path, line, rule: 'function-lines', message });
  }
  return violations;
}

function checkLength(file: SourceFile): Violation[] {
  const lineCount = file.lines.length;
  if (lineCount <= FILE_LINES_MAX) return [];
  const firstCode = file.tokens[0]?.line ?? lineCount;
  const header = file.comments.filter(({ line }) => line < firstCode);
  if (header.some(({ text }) => /\bLong because \S/.test(text))) return [];
  const message = `${lineCount} lines; split it, or open it with a comment "Long because ..."`;
  return [{ path: file.path, line: 0, rule: 'file-lines', message }];
}

function checkPercentile(files: readonly SourceFile[]): Violation[] {
  if (files.length < P90_FILES_MIN) return [];
  const lengths = files.map(({ lines }) => lines.length).sort((a, b) => a - b);
  const p90 = lengths[Math.floor(lengths.length * 0.9)] as number;
  if (p90 < P90_LINES_MAX) return [];
  const message = `one file in ten has ${p90} lines or more; the limit is ${P90_LINES_MAX}`;
  return [{ path: '.', line: 0, rule: 'file-lines-p90', message }];
}
