import { parseMemberCode } from '@huiyuan/shared/code'
import { testDatabase } from '../support/database'
import { PATIENCE_MS, until } from '../support/patience'
import { readBarcode } from './barcode-reader.fixture'
import { digitsOn, newCodeOn, scanInto, see, storyOf, textOf } from './walk.fixture'
import { at, haveCodePage, PHONE, type Screen, signInAs, startWebHouse, TILL, type WebHouse } from './web-house'

const database = testDatabase()
let there: WebHouse
let lin: Screen
let qing: Screen
let used: string

beforeAll(async () => {
  there = await startWebHouse(database.url)
  lin = await there.open(PHONE)
  // her phone's clock can be moved on, so that nobody waits for half a minute
  await lin.page.clock.install()
  qing = await there.open(TILL)
})
afterAll(() => there?.stop())

const tap = (id: string) => at(lin.page, id).tap()
const cardPoints = () => textOf(lin, 'card-points')
const digits = () => digitsOn(lin)
const scan = (code: string) => scanInto(qing, code)
const step = storyOf(() => ({ phone: lin, till: qing }))

async function smsCode(): Promise<string> {
  const inbox = await lin.context.newPage()
  await inbox.goto(`${there.house.sandbox.url}/sms`)
  const code = await inbox.locator('.code').first().textContent()
  await inbox.close()
  return code ?? ''
}

/** What was asked in her name; the gift and the mall's window are the same for everybody. */
const ofHer = () => lin.asked.filter((paths) => !/^(gift\.preview|mall\.window|,)+$/.test(paths))

describe('Lin joins with the phone in her hand', () => {
  step('WeChat says who she is; she is a guest, after one request of her own', async () => {
    await signInAs(lin, there.url, '小林')
    await at(lin.page, 'join-open').waitFor()
    expect(ofHer()).toEqual(['session.open'])
  })

  step('she cannot join before she has agreed', async () => {
    await tap('join-open')
    await tap('join-skip-phone')
    await see(lin, '请先阅读并勾选同意')
    expect(ofHer()).toEqual(['session.open'])
  })

  step('she reads what she agrees to, and comes back to where she was', async () => {
    await lin.page.getByRole('button', { name: '阅读会员服务与隐私说明' }).filter({ visible: true }).tap()
    await see(lin, '我们收集什么')
    await lin.page.goBack()
    await at(lin.page, 'consent').tap()
  })

  step('she proves her phone by a text message and joins', async () => {
    await tap('join-phone-sms')
    await at(lin.page, 'sms-phone').fill('13800002207')
    await tap('sms-send')
    await see(lin, '验证码已发出')
    await at(lin.page, 'sms-code').fill(await smsCode())
    await tap('join-submit')
    await see(lin, '找到一张老会员卡')
  })

  step('her old card: wrong last four are refused, the right ones bring 320 points', async () => {
    await at(lin.page, 'claim-last4').fill('0000')
    await tap('claim-submit')
    await see(lin, /还可以试 4 次/)
    await at(lin.page, 'claim-last4').fill('3421')
    await tap('claim-submit')
    await see(lin, '老卡并过来了')
    await tap('claim-done')
    await see(lin, /为你备好了/)
    await lin.page.goBack()
    await until(cardPoints, (shown) => shown.includes('320'))
    expect(lin.asked.join()).not.toContain('code.enrol')
  })
})

describe('her code', () => {
  step('is asked for when she opens it, and a scanner reads from both pictures what stands between them', async () => {
    await tap('card-code')
    const picture = (css: string) => lin.page.locator(`${css}:visible`)
    // a hand scanner looks again and again; the pictures may just be changing
    for (const end = performance.now() + PATIENCE_MS; ; ) {
      used = await digits()
      expect(used).toMatch(/^\d{18}$/)
      const box = await lin.page.locator('.hy-codebox:visible').screenshot()
      const read = (format: 'code128' | 'qr') =>
        readBarcode(there.browser, box, format).catch((error) => `nothing read: ${error}`)
      const [bars, qr] = await Promise.all([read('code128'), read('qr')])
      // the QR code goes on with the proof that a till without a network asks for
      const both = [bars, qr.slice(0, used.length)]
      const proven = parseMemberCode(qr)?.proof
      if (performance.now() < end && (!proven || both.some((code) => code !== used))) continue
      expect(both).toEqual([used, used])
      expect(proven).toBeTruthy()
      break
    }
    expect(await picture('.hy-bars').getAttribute('aria-label')).toBe('条形码')
    expect(lin.asked.filter((path) => path.includes('code.enrol'))).toHaveLength(1)
  })
})

describe('Qing at the counter of 湖滨店', () => {
  step('signs in and finds the counter among her own things', async () => {
    await signInAs(qing, there.url, '阿青')
    await at(qing.page, 'tab-me').click()
    await at(qing.page, 'staff-open').click()
    await see(qing, '请顾客出示会员码')
    await see(qing, '湖滨店')
  })

  step('the hand scanner shows who stands there, and no more of her than is needed', async () => {
    // the one that is on her phone by now
    used = await digits()
    await scan(used)
    await at(qing.page, 'who').waitFor()
    const who = await textOf(qing, 'who')
    expect(who).toContain('138****2207')
    expect(who).toContain('320')
    expect(who).not.toContain('13800002207')
  })

  step('68 yuan at her price are locked, paid and taken into account once', async () => {
    await qing.page.keyboard.type('68')
    await see(qing, '白银会员价 98 折')
    await see(qing, '+66 积分')
    await at(qing.page, 'hold').click()
    await see(qing, '请顾客付款')
    // nobody comes in between while a price is locked
    await scan(used)
    await see(qing, '请顾客付款')
    await at(qing.page, 'settle').click()
    await see(qing, /已入账 ¥66\.64/)
    expect(await textOf(qing, 'done')).toMatch(/\+\s*66/)
    await see(qing, '红包「满 25 减 5」已送')
    await at(qing.page, 'next-member').click()
  })

  step('the same code again is refused in words', async () => {
    await scan(used)
    await see(qing, '这个会员码用过了')
    await see(qing, /请顾客等 30 秒/)
  })
})

describe('back on Lin’s phone', () => {
  step('home, statement and tier say what the purchase has brought', async () => {
    await tap('tab-home')
    await see(lin, '66 积分待生效')
    await tap('tab-me')
    await tap('statement-open')
    await see(lin, /在「湖滨店」消费 ¥66\.64，获得/)
    await lin.page.goBack()
    await tap('tier-open')
    await see(lin, '成长值从这里来')
    await see(lin, /66/)
    await lin.page.goBack()
  })

  step('without a network the code opens, goes on changing, and the counter takes it', async () => {
    await tap('tab-home')
    await lin.page.reload()
    await until(cardPoints, (shown) => shown.includes('320'))
    await haveCodePage(lin.page)
    await lin.context.setOffline(true)
    await tap('tab-code')
    await scan(await newCodeOn(lin, await digits()))
    await at(qing.page, 'who').waitFor()
    expect(await textOf(qing, 'who')).toContain('138****2207')
  })

  step('at the counter the packet is found by itself; the first purchase goes back, all of it', async () => {
    await qing.page.keyboard.type('30')
    await see(qing, '用券省 ¥5.00')
    await at(qing.page, 'recent-open').click()
    await qing.page.locator('#recent .hy-cell--tap:visible').first().click()
    await see(qing, '退给顾客 ¥66.64，按原来的付款方式')
    await at(qing.page, 'return-submit').click()
    await see(qing, '收回待生效 66 积分')
    await see(qing, '红包「满 25 减 5」已作废')
    await at(qing.page, 'return-done').click()
    await see(qing, '已退货')
    await qing.page.getByRole('button', { name: '关闭' }).filter({ visible: true }).click()
    await at(qing.page, 'other-member').click()
  })

  step('without a network home shows what was last known, and of when', async () => {
    await tap('tab-home')
    await see(lin, '没有网络')
    await see(lin, /这是今天 \d\d:\d\d 的数据/)
    await see(lin, '66 积分待生效')
    await lin.context.setOffline(false)
    // it asks again by itself
    await lin.page.getByText('没有网络').filter({ visible: true }).waitFor({ state: 'hidden' })
  })

  step('she signs out, and is herself again after signing in, with one request until home is whole', async () => {
    await tap('tab-me')
    await tap('sign-out')
    await at(lin.page, 'sign-in-wechat').waitFor()
    lin.asked.length = 0
    await signInAs(lin, there.url, '小林')
    await until(cardPoints, (shown) => shown.includes('320'))
    expect(ofHer()).toEqual(['session.open', 'home.show'])
    lin.asked.length = 0
    await lin.page.clock.fastForward(30_000)
    await lin.page.reload()
    await until(cardPoints, (shown) => shown.includes('320'))
    // what the phone had kept stands there before it has asked
    await until(
      async () => lin.asked.length,
      (asked) => asked > 0,
    )
    expect(lin.asked).toEqual(['home.show'])
  })

  step('nothing broke on either screen on the way', async () => {
    const broken = [...lin.complaints, ...qing.complaints].filter((line) => !line.startsWith('Failed to load resource'))
    expect(broken).toEqual([])
  })
})
