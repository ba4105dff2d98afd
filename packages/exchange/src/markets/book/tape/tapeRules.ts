import { DecodeError } from '../../../codec/byteReader.ts';

/** What bytes must keep to be a tape; docs/reference/tape-format.md explains each. */
export const TAPE_RULES = {
  magic: 'a tape begins with the letters LAWTAPE',
  version: 'the version is one that this reader knows',
  header: 'the fields of the header lie in their ranges',
  label: 'the label is printable ASCII, then zeros',
  checksum: 'the checksum is that of the bytes before it',
  kind: 'a record is one of the nine commands, or the end',
  unusedField: 'fields that a command does not use are zero',
  number: 'ids and times stay below 2^53',
  endCount: 'the end counts the commands before it',
  cutShort: 'a tape ends with its end record, after whole records',
  trailing: 'nothing follows the end',
} as const;

/** The name of a rule. */
export type TapeRule = keyof typeof TAPE_RULES;

/** Bytes are no tape: by which rule, and where. */
export class TapeError extends DecodeError {
  readonly rule: TapeRule;

  /** `found` says in a few words what stands there instead. */
  constructor(rule: TapeRule, offset: number, found: string) {
    super(`${TAPE_RULES[rule]}: ${found}`, offset);
    this.rule = rule;
  }
}
