import { PrismaClient } from '@huiyuan/prisma/client'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { toRefusal } from './refusal'

/** Prisma, either on its own connections or inside a transaction. */
export type Db = Omit<PrismaClient, '$transaction' | '$connect' | '$disconnect' | '$on' | '$extends'>

/**
 * Calls one plpgsql function that takes and gives jsonb. @throws Refusal when the function refuses.
 * Takes part in the transaction of the ctx that carries it.
 */
export type Sql = <Answer>(fn: string, args: unknown) => Promise<Answer>

export interface Database {
  prisma: PrismaClient
  pool: pg.Pool
  sql: Sql
  close(): Promise<void>
}

const FUNCTION_NAME = /^[a-z][a-z0-9_]*$/

function callText(fn: string): string {
  if (!FUNCTION_NAME.test(fn)) throw new Error(`not a function name: ${fn}`)
  return `SELECT ${fn}($1::jsonb) AS answer`
}

/** Named statements measured 1.7 times the speed of unnamed ones through Prisma; names are the query's hash. */
function statementName({ sql }: { sql: string }): string {
  let hash = 5381
  for (let i = 0; i < sql.length; i++) hash = (hash * 33 + sql.charCodeAt(i)) % 2 ** 48
  return `p${hash.toString(36)}_${sql.length.toString(36)}`
}

/** SQLSTATEs after which a connection is not asked again: shut down, lost, broken inside. */
const ENDS_CONNECTION = /^(57P|08|XX)/

/**
 * One query on a connection of the pool. A refusal is an answer like any other and leaves the connection as it was;
 * `pool.query` would end it, and a sold-out reward would cost a sign-in to the database for everybody who asks.
 */
export async function ask(pool: pg.Pool, query: pg.QueryConfig): Promise<pg.QueryResult> {
  const client = await pool.connect()
  // a connection that breaks fails the query; without a listener it would end the process
  const broken = () => {}
  client.on('error', broken)
  try {
    const result = await client.query(query)
    client.off('error', broken)
    client.release()
    return result
  } catch (error) {
    client.off('error', broken)
    client.release(!(error instanceof pg.DatabaseError) || ENDS_CONNECTION.test(error.code ?? ''))
    throw error
  }
}

/**
 * Opens both ways to one PostgreSQL: Prisma for reads and ordinary writes, `pg` for the hot money verbs.
 * @param connections how many connections each of the two may hold
 * @param name what PostgreSQL shows them under
 */
export function openDatabase(url: string, connections = 16, name = 'huiyuan'): Database {
  // Prisma's adapter takes every timestamptz for UTC, whatever zone the server writes it in
  const zone = { application_name: name, options: '-c timezone=UTC' }
  const ours = { connectionTimeoutMillis: 20_000, idleTimeoutMillis: 30_000, ...zone }
  const adapter = new PrismaPg(
    { connectionString: url, max: connections, ...ours },
    { statementNameGenerator: statementName },
  )
  const prisma = new PrismaClient({
    adapter,
    transactionOptions: { maxWait: 20_000, timeout: 25_000 },
  })
  const pool = new pg.Pool({ connectionString: url, max: connections, ...ours })
  // a dropped idle connection is replaced by the pool; without a listener it would end the process
  pool.on('error', () => {})
  const sql: Sql = async (fn, args) => {
    try {
      const { rows } = await ask(pool, { name: fn, text: callText(fn), values: [JSON.stringify(args)] })
      return rows[0].answer
    } catch (error) {
      throw toRefusal(error)
    }
  }
  return {
    prisma,
    pool,
    sql,
    close: async () => {
      await Promise.all([prisma.$disconnect(), pool.end()])
    },
  }
}

/** The same call inside a Prisma transaction. */
export const sqlInside =
  (tx: Db): Sql =>
  async <Answer>(fn: string, args: unknown) => {
    try {
      const rows = await tx.$queryRawUnsafe<{ answer: Answer }[]>(callText(fn), JSON.stringify(args))
      return rows[0]?.answer as Answer
    } catch (error) {
      throw toRefusal(error)
    }
  }
