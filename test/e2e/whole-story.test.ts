import sharp from 'sharp'
import { testDatabase } from '../support/database'
import { until } from '../support/patience'
import { readBarcode } from './barcode-reader.fixture'
import { newCodeOn, scanInto, see, storyOf, tap, textOf } from './walk.fixture'
import { at, PHONE, type Screen, signInAs, startWebHouse, TILL, type WebHouse } from './web-house'
import { shown } from './what-is-shown'

const database = testDatabase()
let there: WebHouse
let mei: Screen
let lin: Screen
let qing: Screen
let poster: string
const step = storyOf(() => ({ mei, lin, till: qing }))

beforeAll(async () => {
  there = await startWebHouse(database.url)
  mei = await there.open(PHONE)
  lin = await there.open(PHONE)
  // her phone's clock can be moved on, so that nobody waits for the next code
  await lin.page.clock.install()
  qing = await there.open(TILL)
})
afterAll(() => there?.stop())

const cardPoints = () => textOf(lin, 'card-points')
let taken = ''

/** Lin shows a code that was not taken yet, and Qing scans it. */
async function atTheCounter(): Promise<void> {
  await tap(lin, 'tab-code')
  await at(lin.page, 'member-code').waitFor()
  // any answer of the server would set the clock right again that is moved on now
  await lin.context.setOffline(true)
  taken = await newCodeOn(lin, taken)
  await lin.context.setOffline(false)
  await scanInto(qing, taken)
  await at(qing.page, 'who').waitFor()
}

type File = { name: string; mimeType: string; buffer: Buffer }
type Noted = { sentFile: Promise<{ type: string; bytes: number; width: number; height: number }> }

async function pick(file: File): Promise<void> {
  const chosen = mei.page.waitForEvent('filechooser')
  await tap(mei, 'photo-add')
  await (await chosen).setFiles(file)
}

/** Lies on its side, as cameras write it: 4000 × 3000 that are shown as 3000 × 4000. Noise packs badly. */
const largePhoto = (): Promise<Buffer> =>
  sharp({
    create: {
      ...{ width: 4_000, height: 3_000, channels: 3, background: '#888' },
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 95 })
    .toBuffer()

/** Notes what leaves the page; a browser shows no test the files of a form. */
function noteForm(): void {
  const { send } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.send = function (body) {
    const file = body instanceof FormData ? body.get('file') : null
    if (file instanceof Blob)
      (window as unknown as Noted).sentFile = createImageBitmap(file).then(({ width, height }) => ({
        ...{ type: file.type, bytes: file.size, width, height },
      }))
    send.call(this, body)
  }
}

describe('Mei asks a friend to tea', () => {
  step('her poster carries a code that a scanner reads', async () => {
    await signInAs(mei, there.url, '小梅')
    await tap(mei, 'referral-open')
    await see(mei, /朋友喝到第一盏/)
    await tap(mei, 'poster-open')
    await at(mei.page, 'poster-sheet').waitFor()
    const read = async () =>
      readBarcode(there.browser, await at(mei.page, 'poster-sheet').screenshot(), 'qr').catch(String)
    poster = await until(read, (text) => text.startsWith('http'))
    expect(new URL(poster).searchParams.get('scene')).toMatch(/^l=[0-9A-Za-z]{8}$/)
  })
})

describe('Lin opens it on her phone', () => {
  step('she sees, as a guest, whose treat it is and what is in it', async () => {
    await lin.page.goto(poster)
    await see(lin, /小梅/)
    await see(lin, /新人礼/)
    await tap(lin, 'sign-in-wechat')
    await lin.page.getByRole('button', { name: '小林' }).click()
    await at(lin.page, 'join-open').waitFor()
    await see(lin, /小梅/)
  })

  step('she agrees, proves her phone, and her old card comes along', async () => {
    await tap(lin, 'join-open')
    await at(lin.page, 'consent').click()
    await tap(lin, 'join-phone-sms')
    await at(lin.page, 'sms-phone').fill('13800002207')
    await tap(lin, 'sms-send')
    await see(lin, '验证码已发出')
    const inbox = await lin.context.newPage()
    await inbox.goto(`${there.house.sandbox.url}/sms`)
    const code = (await inbox.locator('.code').first().textContent()) ?? ''
    await inbox.close()
    await at(lin.page, 'sms-code').fill(code)
    await tap(lin, 'join-submit')
    await see(lin, '找到一张老会员卡')
    await at(lin.page, 'claim-last4').fill('3421')
    await tap(lin, 'claim-submit')
    await see(lin, '老卡并过来了')
    await tap(lin, 'claim-done')
  })

  step('the box opens: a coupon, points, a first cup', async () => {
    await lin.page.locator('.gf-box:visible').waitFor()
    await see(lin, /小梅请你来喝第一盏/)
    await tap(lin, 'gift-open')
    await at(lin.page, 'gift-opened').waitFor()
    for (const words of [/满 30 减 8/, /100/, /白桃乌龙/]) await see(lin, words)
  })
})

describe('at the counter', () => {
  step('the quote applies member price and coupon and says so; four taps from scan to settled', async () => {
    await signInAs(qing, there.url, '阿青')
    await tap(qing, 'tab-me')
    await tap(qing, 'staff-open')
    await see(qing, '请顾客出示会员码')
    await lin.page.goto(`${there.url}/#/tabs/home/index`)
    await until(cardPoints, (words) => words.includes('420'))
    await atTheCounter()
    await qing.page.keyboard.type('68')
    await see(qing, /白银会员价/)
    await see(qing, /满 30 减 8/)
    await see(qing, /58\.64/)
    await tap(qing, 'hold')
    await at(qing.page, 'held').waitFor()
    await tap(qing, 'settle')
    await at(qing.page, 'done').waitFor()
    expect(await textOf(qing, 'done')).toMatch(/\+\s*58/)
    await at(qing.page, 'packet').waitFor()
    await tap(qing, 'next-member')
  })

  step('Mei reads that her reward is held, and until when', async () => {
    await mei.page.goto(`${there.url}/#/pages/referral/referral`)
    await see(mei, /已下首单/)
    expect(await shown(mei)).not.toContain('小林')
  })
})

describe('Lin spends what she has', () => {
  let pickupCode: string

  step('she exchanges points and gets a pick-up code', async () => {
    await tap(lin, 'tab-mall')
    await see(lin, /420/)
    await lin.page.locator('[id^="reward-"]:visible').first().click()
    await tap(lin, 'exchange')
    await tap(lin, 'exchange-confirm')
    await at(lin.page, 'exchanged').waitFor()
    await lin.page.goto(`${there.url}/#/pages/mall/redemptions`)
    await at(lin.page, 'redemptions').waitFor()
    pickupCode = (/\b(\d{4}) ?(\d{4})\b/.exec(await shown(lin)) ?? []).slice(1).join('')
    expect(pickupCode).toMatch(/^\d{8}$/)
  })

  step('the clerk hands it over by its code, once', async () => {
    await lin.page.goto(`${there.url}/#/tabs/home/index`)
    await atTheCounter()
    await tap(qing, 'pickup-open')
    await scanInto(qing, pickupCode)
    await at(qing.page, 'handed').waitFor()
  })

  step('her first obligation is confirmed in the same visit', async () => {
    await qing.page.getByRole('button', { name: '关闭' }).filter({ visible: true }).click()
    await tap(qing, 'checkin-open')
    await tap(qing, 'check-in-autumn_tasting')
    await at(qing.page, 'checked-in').waitFor()
    await see(qing, /知茶人/)
    await lin.page.goto(`${there.url}/#/pages/obligation/obligations`)
    await lin.page
      .getByRole('button', { name: /^已完成 1/ })
      .filter({ visible: true })
      .click()
    await see(lin, /知茶人/)
  })
})

describe('she brings the drink back', () => {
  step('the clerk takes the purchase back and sees what goes with it', async () => {
    await qing.page.getByRole('button', { name: '关闭' }).filter({ visible: true }).click()
    await tap(qing, 'recent-open')
    await qing.page.locator('#recent .hy-cell--tap:visible').first().click()
    await tap(qing, 'return-submit')
    await see(qing, /58/)
    await tap(qing, 'return-done')
  })

  step('her coupon is back, and nobody’s balance is wrong', async () => {
    await lin.page.goto(`${there.url}/#/tabs/coupon/index`)
    await see(lin, /满 30 减 8/)
    await lin.page.goto(`${there.url}/#/pages/ledger/statement`)
    await see(lin, /退货/)
  })

  step('Mei reads that the reward was taken back, and why', async () => {
    await mei.page.reload()
    await see(mei, /首单退了款/)
  })

  step(
    'Mei adds a photo of more than the server takes: it is made small before it leaves, the right way up',
    async () => {
      await mei.page.goto(`${there.url}/#/pages/obligation/obligation?id=trial_new_tea`)
      await tap(mei, 'hand-in-again')
      const given = await largePhoto()
      expect(given.length).toBeGreaterThan(10_485_760)
      await mei.page.evaluate(noteForm)
      const kept = mei.page.waitForResponse((answer) => answer.url().endsWith('/upload'))
      await pick({ name: 'tea.jpg', mimeType: 'image/jpeg', buffer: given })
      expect(await (await kept).json()).toMatchObject({ width: 1_536, height: 2_048 })
      const sent = await mei.page.evaluate(() => (window as unknown as Noted).sentFile)
      expect(sent).toMatchObject({ type: 'image/jpeg', width: 1_536, height: 2_048 })
      expect(sent.bytes).toBeLessThan(given.length / 2)
    },
  )

  step('what her browser cannot read, and the server neither, says what to do instead', async () => {
    await pick({ name: 'tea.heic', mimeType: 'image/heic', buffer: Buffer.from('\0\0\0\x18ftypheic') })
    await see(mei, '这种照片格式读不了，换一张 JPG，或截图试试')
  })

  step('nothing broke on any screen on the way', async () => {
    const broken = [mei, lin, qing]
      .flatMap(({ complaints }) => complaints)
      .filter((line) => !line.startsWith('Failed to load resource'))
    expect(broken).toEqual([])
  })
})
