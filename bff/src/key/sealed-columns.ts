/** A column of sealed bytes, found again by the table's primary key. */
export interface SealedColumn {
  table: string
  column: string
  /** The primary key's columns with their types. */
  key: readonly (readonly [name: string, type: string])[]
  /** The column beside it that holds the keyed hash of the same text. */
  hashed?: { column: string; purpose: 'phone' | 'body' }
}

/** Everything that lies sealed in a column of its own; a test compares it with the schema. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'member', column: 'name_sealed', key: [['member_id', 'uuid']] },
  {
    table: 'identity',
    column: 'subject_sealed',
    key: [
      ['kind', 'varchar'],
      ['issuer', 'varchar'],
      ['subject', 'varchar'],
    ],
    hashed: { column: 'subject', purpose: 'phone' },
  },
  {
    table: 'former_identity',
    column: 'subject_sealed',
    key: [
      ['member_id', 'uuid'],
      ['kind', 'varchar'],
      ['issuer', 'varchar'],
      ['subject', 'varchar'],
      ['ended_at', 'timestamptz'],
    ],
    hashed: { column: 'subject', purpose: 'phone' },
  },
  { table: 'device_handle', column: 'secret_sealed', key: [['handle', 'bpchar']] },
  { table: 'wechat_token', column: 'token_sealed', key: [['appid', 'varchar']] },
  { table: 'import_key', column: 'secret_sealed', key: [['id', 'smallint']] },
  { table: 'till_key', column: 'secret_sealed', key: [['key_id', 'uuid']] },
  { table: 'webhook', column: 'secret_sealed', key: [['webhook_id', 'uuid']] },
  {
    table: 'reward_code',
    column: 'sealed',
    key: [
      ['reward_id', 'varchar'],
      ['code_no', 'int'],
    ],
    hashed: { column: 'code_hash', purpose: 'body' },
  },
]
