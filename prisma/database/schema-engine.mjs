#!/usr/bin/env node
/**
 * Stands in for Prisma's schema engine, which the Prisma CLI would otherwise download before any command.
 * The CLI finds it by PRISMA_SCHEMA_ENGINE_BINARY (see prisma.config.ts) and speaks JSON-RPC with it, one
 * message a line; the answers come from the same engine compiled to WebAssembly, which npm carries.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import pg from 'pg'

const OID_CHAR = 18
const OID_TEXT = 25
const JSON_RPC_FAILED = 4466
const CONNECT_FAULTS = { '3D000': 'P1003', '28P01': 'P1000', 28000: 'P1000', ECONNREFUSED: 'P1001', ENOTFOUND: 'P1001' }

const wordsOf = (error) => error?.message || error?.errors?.map((one) => one.message).join('; ') || String(error)

/** Separate fields: with a connectionString, pg would ignore the `database` that the shadow connection replaces. */
function connectionFields(href) {
  const url = new URL(href)
  const ssl = url.searchParams.get('sslmode')
  return {
    host: url.searchParams.get('host') ?? url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
    ...(ssl && ssl !== 'disable' ? { ssl: { rejectUnauthorized: ssl.startsWith('verify') } } : {}),
  }
}

/**
 * Closes two gaps of @prisma/adapter-pg when it serves migrations: it cuts scripts at every ';', also inside
 * function bodies, and does not know the catalog's "char" type, which the engine wants as a character.
 */
function fitForMigrations(queryable) {
  const { queryRaw, startTransaction } = Object.getPrototypeOf(queryable)
  queryable.executeScript = async (script) => {
    try {
      await queryable.underlyingDriver().query(script)
    } catch (error) {
      queryable.onError(error)
    }
  }
  queryable.queryRaw = async (query) => {
    let isChar = []
    const asText = async (sent) => {
      const result = await queryable.performIO(sent)
      isChar = result.fields.map((field) => field.dataTypeID === OID_CHAR)
      const fields = result.fields.map((field, i) => (isChar[i] ? { ...field, dataTypeID: OID_TEXT } : field))
      return { ...result, fields }
    }
    const view = Object.create(queryable, { performIO: { value: asText } })
    const set = await queryRaw.call(view, query)
    return { ...set, columnTypes: set.columnTypes.map((type, i) => (isChar[i] ? ColumnTypeEnum.Character : type)) }
  }
  if (startTransaction) {
    queryable.startTransaction = async (level) => fitForMigrations(await startTransaction.call(queryable, level))
  }
  return queryable
}

class MigrationConnections extends PrismaPg {
  constructor(datasource) {
    super({ ...connectionFields(datasource.url), max: 4 })
    this.datasource = datasource
  }

  async connect() {
    return fitForMigrations(await super.connect())
  }

  async connectToShadowDb() {
    const given = this.datasource.shadowDatabaseUrl
    if (given) {
      const shadow = fitForMigrations(await new PrismaPg(connectionFields(given)).connect())
      await shadow.executeScript('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public')
      return shadow
    }
    const main = connectionFields(this.datasource.url)
    const name = pg.escapeIdentifier(`huiyuan_shadow_${randomUUID()}`)
    await once(main, `CREATE DATABASE ${name}`)
    const shadow = fitForMigrations(await new PrismaPg({ ...main, database: name.slice(1, -1) }).connect())
    const { dispose } = Object.getPrototypeOf(shadow)
    shadow.dispose = async () => {
      await dispose.call(shadow)
      await once(main, `DROP DATABASE IF EXISTS ${name}`)
    }
    return shadow
  }
}

async function once(fields, sql) {
  const client = new pg.Client(fields)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** `cli create-database | drop-database | can-connect-to-database`: faults go to stderr as the engine's log line. */
async function runCommand(command, url) {
  const target = connectionFields(url)
  const name = pg.escapeIdentifier(target.database)
  const sql = {
    'can-connect-to-database': 'SELECT 1',
    'create-database': `CREATE DATABASE ${name}`,
    'drop-database': `DROP DATABASE IF EXISTS ${name}`,
  }[command]
  try {
    if (!sql) throw new Error(`unknown command ${command}`)
    await once(command === 'can-connect-to-database' ? target : { ...target, database: 'postgres' }, sql)
    return 0
  } catch (error) {
    const fields = {
      message: wordsOf(error),
      is_panic: false,
      error_code: CONNECT_FAULTS[error.code] ?? 'P1011',
      meta: null,
    }
    const line = { timestamp: new Date().toISOString(), level: 'ERROR', target: 'schema_engine::logger', fields }
    // The CLI skips the first line.
    process.stderr.write(`{}\n${JSON.stringify(line)}\n`)
    return 1
  }
}

async function loadEngine() {
  const glueFile = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const folder = dirname(glueFile)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const open = async () => {
    const glue = await import(pathToFileURL(glueFile).href)
    const wasm = readFileSync(join(folder, 'schema_engine_bg.wasm'))
    const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue })
    glue.__wbg_set_wasm(instance.exports)
    instance.exports.__wbindgen_start()
    return glue.SchemaEngine
  }
  return { version, open }
}

function faultData(error) {
  try {
    return JSON.parse(error.message)
  } catch {
    const panic = globalThis.PRISMA_WASM_PANIC_REGISTRY.message
    return { is_panic: Boolean(panic), message: panic || wordsOf(error), meta: null, error_code: error?.code ?? null }
  }
}

async function serve(datamodels, datasource, engineModule) {
  let engine
  let printed = 0
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const answer = async ({ id, method, params }) => {
    try {
      const connections = bindMigrationAwareSqlAdapterFactory(new MigrationConnections(datasource))
      engine ??= await (await engineModule.open()).new({ datamodels }, () => {}, connections)
      const result = (await engine[method === 'getDatabaseVersion' ? 'version' : method](params)) ?? null
      if (method === 'diff' && result?.stdout != null) {
        printed += 1
        send({ id: 1_000_000 + printed, method: 'print', params: { content: result.stdout } })
      }
      send({ id, result })
    } catch (error) {
      if (process.env.DEBUG) process.stderr.write(`${error?.stack ?? error}\n`)
      send({ id, error: { code: JSON_RPC_FAILED, message: 'The engine refused; see data.', data: faultData(error) } })
    }
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const message = line.trim() ? JSON.parse(line) : {}
    if (message.method) await answer(message)
  }
}

async function main(args) {
  const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    message: '',
    set_message(words) {
      this.message = words
    },
  }
  const engineModule = await loadEngine()
  if (args.includes('--version')) {
    process.stdout.write(`schema-engine ${engineModule.version}\n`)
    return 0
  }
  const datasource = { url: process.env.DATABASE_URL, ...JSON.parse(option('--datasource') ?? '{}') }
  if (args.includes('cli')) return runCommand(option('cli'), datasource.url)
  const files = (option('--datamodels') ?? '').split(',').filter(Boolean)
  await serve(
    files.length > 0 ? files.map((file) => [file, readFileSync(file, 'utf8')]) : undefined,
    datasource,
    engineModule,
  )
  return 0
}

process.exit(await main(process.argv.slice(2)))
