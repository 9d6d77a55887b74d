import { runOnce } from '@huiyuan/prisma/database/databases'
import { testDatabase } from '../support/database'
import { PATIENCE_MS, until } from '../support/patience'
import { readBarcode } from './barcode-reader.fixture'
import { digitsOn, newCodeOn, scanInto, see, storyOf, tap, textOf } from './walk.fixture'
import { at, PHONE, type Screen, signInAs, startWebHouse, TILL, type WebHouse } from './web-house'

const database = testDatabase()
let there: WebHouse
let mei: Screen
let zhou: Screen
let used: string
let photographed: string

beforeAll(async () => {
  there = await startWebHouse(database.url, { members: 3 })
  mei = await there.open(PHONE)
  await mei.page.clock.install()
  zhou = await there.open({ ...TILL, serviceWorkers: 'allow' })
})
afterAll(() => there?.stop())

const step = storyOf(() => ({ phone: mei, tablet: zhou }))
const scan = (code: string) => scanInto(zhou, code)

/** What a scanner reads in the QR on her screen: the digits, and behind them what proves them. */
async function proven(): Promise<string> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
    const box = await mei.page.locator('.hy-codebox:visible').screenshot()
    const digits = await digitsOn(mei)
    const read = await readBarcode(there.browser, box, 'qr').catch(() => '')
    if (read.startsWith(digits) && read.length > digits.length) return read
  }
  throw new Error('nothing could be read')
}

/** What the tablet needs to open again and has not kept yet. The browser's own waiting takes a promise for an answer. */
const missing = () =>
  zhou.page.evaluate(async () => {
    const kept = (await (await caches.open('pages-1')).keys()).map(({ url }) => url)
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
    const needed = [new URL('/', location.href).href, ...loaded.filter((name) => /\.(?:js|css)$/.test(name))]
    return needed.filter((name) => !kept.includes(name))
  })

/** 68 yuan for a code, noted without a network. */
async function note(code: string): Promise<void> {
  await scan(code)
  await at(zhou.page, 'offline-who').waitFor()
  await zhou.page.keyboard.type('68')
  await until(
    () => textOf(zhou, 'offline-amount'),
    (amount) => amount === '¥68',
  )
  await tap(zhou, 'offline-note')
  await see(zhou, '已记下 ¥68.00')
}

describe('a network that goes away', () => {
  step('the manager makes the tablet one that may go on alone; Mei has her code on her phone', async () => {
    await signInAs(zhou, there.url, '老周')
    await zhou.page.goto(`${there.url}/#/pages/staff/offline`)
    await tap(zhou, 'offline-enrol')
    await see(zhou, '都同步好了')
    await until(
      () => textOf(zhou, 'offline-synced'),
      (words) => words.includes('上次同步') || words.includes('还没有'),
    )
    await until(missing, (names) => names.length === 0)
    await signInAs(mei, there.url, '小梅')
    await at(mei.page, 'card-code').tap()
    await at(mei.page, 'member-code').waitFor()
    photographed = await proven()
  })

  step('the tablet checks the picture on her phone by itself, both of them without a network', async () => {
    await mei.context.setOffline(true)
    await zhou.context.setOffline(true)
    used = await digitsOn(mei)
    photographed = await proven()
    await note(photographed)
    await see(zhou, '1 笔')
    await see(zhou, '已验码')
    await tap(zhou, 'offline-next')
  })

  step('the tablet is loaded anew without a network: the page and what it noted are still there', async () => {
    await zhou.page.reload()
    await see(zhou, '1 笔')
    await at(zhou.page, 'offline-code').waitFor()
  })

  step('a photograph of it is refused at once, and later for its age; something else is no member code', async () => {
    await scan(photographed)
    await see(zhou, '这个码刚在这里用过')
    await scan('6901234567892')
    await see(zhou, '这不是会员码')
  })

  step('bars alone are noted, to be checked later', async () => {
    used = await newCodeOn(mei, used)
    await scan(used)
    await see(zhou, '会员码已记下，联网后核对')
    await zhou.page.keyboard.type('68')
    await tap(zhou, 'offline-note')
    await see(zhou, '2 笔')
    await tap(zhou, 'offline-next')
  })

  step('the network is back: both go to the server by themselves, once', async () => {
    await zhou.context.setOffline(false)
    await see(zhou, '都同步好了')
    await until(
      () => zhou.page.getByText('已入账').filter({ visible: true }).count(),
      (count) => count === 2,
    )
    const { rows } = await runOnce(
      database.url,
      `SELECT amount_fen, points FROM purchase WHERE channel = 'offline' ORDER BY points`,
    )
    expect(rows).toEqual([
      { amount_fen: 6_800, points: 68 },
      { amount_fen: 6_800, points: 68 },
    ])
  })
})
