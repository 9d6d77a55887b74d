import { freePort } from '@huiyuan/prisma/database/ports'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { seedFor } from '../story/demo-people.fixture'
import { BROWSER_FLAGS, findBrowser } from '../support/browser'
import { PATIENCE_MS } from '../support/patience'
import { type RunningHouse, startHouse } from '../support/running-house'

/** The pages of the member centre on a real server, and a browser to look at them. */
export interface WebHouse {
  url: string
  house: RunningHouse
  browser: Browser
  /** A window of its own: own storage, nobody signed in unless `storageState` says so. */
  open(options?: BrowserContextOptions): Promise<Screen>
  stop(): Promise<void>
}

/** One window and what went on behind it. */
export interface Screen {
  page: Page
  context: BrowserContext
  /** Errors of the console and of the page. */
  complaints: string[]
  /** The paths of the tRPC requests sent, in order; a batch is one. */
  asked: string[]
}

export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  userAgent:
    'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36',
}
export const TILL = { viewport: { width: 1024, height: 768 } }

const CHINESE = { locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce' } as const

/** Starts the server with the built pages, fills it with the demo brand and opens a browser. */
export async function startWebHouse(
  databaseUrl: string,
  { members = 20, now, env = {} }: { members?: number; now?: Date; env?: Record<string, string> } = {},
): Promise<WebHouse> {
  const port = await freePort()
  const own = `http://127.0.0.1:${port}`
  const house = await startHouse(databaseUrl, { web: true, env: { PORT: String(port), PUBLIC_URL: own, ...env } })
  await seedFor(databaseUrl, env.MASTER_KEY ?? house.masterKey, members, now)
  const executablePath = process.env.CHROMIUM_PATH ?? (await findBrowser())
  const browser = await chromium.launch({ executablePath, args: BROWSER_FLAGS })
  return {
    url: own,
    house,
    browser,
    open: async (options = PHONE) => {
      // a worker between the page and the server would hide requests from the tests; who goes offline for good asks for it
      const context = await browser.newContext({ serviceWorkers: 'block', ...CHINESE, ...options })
      context.setDefaultTimeout(PATIENCE_MS)
      return screenOf(context, await context.newPage())
    },
    stop: async () => {
      await browser.close()
      await house.stop()
    },
  }
}

function screenOf(context: BrowserContext, page: Page): Screen {
  const complaints: string[] = []
  const asked: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/trpc/')) asked.push(pathname.slice('/trpc/'.length))
  })
  return { page, context, complaints, asked }
}

/** The control or words with this id on the page in front; pages behind it stay in the document. */
export const at = (page: Page, id: string) => page.locator(`#${id}:visible`)

/** Signs in by WeChat as one of the sandbox's people, from the home page, and waits until home knows who it is. */
export async function signInAs({ page }: Screen, url: string, name: string): Promise<void> {
  await page.goto(url)
  const [start, person] = [at(page, 'sign-in-wechat'), page.getByRole('button', { name })]
  await start.waitFor()
  // what is still coming may push the button away from under the finger, and a browser takes that for no tap
  for (let tries = 0; tries < 20 && !(await person.isVisible()); tries++) {
    if (await start.isVisible()) await start.click({ timeout: 2_000 }).catch(() => {})
    await person.waitFor({ timeout: 3_000 }).catch(() => {})
  }
  await person.click()
  await page.locator('#join-open:visible, #card-points:visible').first().waitFor()
}

/** Lets the time pass after which a phone has fetched what the code needs without a network. Needs a clock that moves. */
export async function haveCodePage(page: Page): Promise<void> {
  await page.clock.fastForward(3_000)
  const asked = await page.requests()
  await Promise.all(asked.map(async (one) => (await one.response())?.finished()))
}
