/** One line of the mini-program's console. */
export interface ConsoleLine {
  level: string
  text: string
}

/** One hand-over of data to the view. `bytes` is its size as JSON in UTF-8, `nth` counts from 1 per opened page. */
export interface SetDataEntry {
  page: string
  nth: number
  bytes: number
  keys: string[]
}

/** One call of wx.request. `status` is 0 while it is on its way or when it failed. */
export interface RequestEntry {
  url: string
  method: string
  origin: string
  status: number
  failure?: string
}

/** Something the phone showed or did on request, such as a toast or a brightness; `name` is the wx call. */
export interface Deed {
  name: string
  asked: Record<string, unknown>
}

/** Everything the phone notes while the mini-program runs. */
export interface Journal {
  console: ConsoleLine[]
  /** Thrown errors, lines of console.error, refused navigation. */
  errors: string[]
  /** What WeChat only grumbles about: console.warn, undefined in setData, templates that are not there. */
  warnings: string[]
  /** Calls of wx functions that WeChat has and this phone has not. */
  unknownApis: Set<string>
  /** Calls of wx functions that WeChat has deprecated. */
  deprecatedApis: Set<string>
  setData: SetDataEntry[]
  requests: RequestEntry[]
  /** The most requests that were on their way at once, and how many had to wait for their turn. */
  load: { peak: number; queued: number }
  deeds: Deed[]
  /** Notes an error that nobody caught; WeChat would call App.onError. */
  caught(error: unknown, where: string): void
}

export function createJournal(onUncaught: (message: string) => void = () => {}): Journal {
  const journal: Journal = {
    console: [],
    errors: [],
    warnings: [],
    unknownApis: new Set(),
    deprecatedApis: new Set(),
    setData: [],
    requests: [],
    load: { peak: 0, queued: 0 },
    deeds: [],
    caught(error, where) {
      const message = `${where}: ${describeError(error)}`
      journal.errors.push(message)
      onUncaught(message)
    },
  }
  return journal
}

/** What was thrown, with its stack when it has one. Errors of the logic layer are of another realm than ours. */
export function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { stack, message, errMsg } = error as { stack?: string; message?: string; errMsg?: string }
  return stack ?? message ?? errMsg ?? JSON.stringify(error)
}

/** The console that the mini-program gets. */
export function journalConsole(journal: Journal): Record<string, (...words: unknown[]) => void> {
  const say =
    (level: string) =>
    (...words: unknown[]) => {
      const text = words.map((word) => (typeof word === 'string' ? word : describeWord(word))).join(' ')
      journal.console.push({ level, text })
      if (level === 'error') journal.errors.push(`console.error: ${text}`)
      if (level === 'warn') journal.warnings.push(`console.warn: ${text}`)
    }
  const levels = ['log', 'info', 'warn', 'error', 'debug', 'group', 'groupEnd', 'time', 'timeEnd', 'trace']
  return Object.fromEntries(levels.map((level) => [level, say(level)]))
}

function describeWord(word: unknown): string {
  if (typeof word === 'object' && word !== null && 'stack' in word) return describeError(word)
  try {
    return JSON.stringify(word) ?? String(word)
  } catch {
    return String(word)
  }
}
