import { readPoster } from '../story/poster-reader.fixture'
import { type Client, signIn } from '../support/running-house'
import { DEMO_TEMPLATES } from '../wechat-sandbox'
import { NEARLY_ONE_CODE_MS, phoneHouse } from './house.fixture'
import { expectLight, tapLightly } from './light.fixture'
import type { Phone } from './runtime/phone'
import { nameOf, textOf } from './runtime/tree'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()
let lin: Phone
let mei: Phone
let qing: Phone
let meiHerself: Client
/** What is held before the camera of the counter. */
let shown = ''

beforeAll(async () => {
  meiHerself = (await signIn(there.house.sandbox, there.url, 'mei')).api
  const poster = readPoster(await meiHerself.referral.poster.query())
  lin = there.phoneOf('lin')
  mei = there.phoneOf('mei')
  qing = there.phoneOf('qing', { holder: { scans: () => shown } })
  await lin.start({
    path: poster.page as string,
    query: { scene: encodeURIComponent(poster.scene as string) },
    scene: 1047,
  })
  await mei.start()
  await qing.start()
})
afterEach(() => {
  for (const phone of [lin, mei, qing]) expectLight(phone)
})

const tap = tapLightly
const wordsAt = (phone: Phone, which: string) => textOf(phone.get(which))
const at = (phone: Phone) => phone.page().page.path
const digits = () => wordsAt(lin, '#member-code').replace(/\s/g, '')

/** Lin shows a code that has not been shown yet, and Qing scans it. */
async function linAtTheCounter(): Promise<void> {
  const before = shown
  // her phone's clock goes ahead, so that nobody waits long for the next code
  if (digits() === before) lin.clock.offsetMs = NEARLY_ONE_CODE_MS
  await lin.until('a new code', () => digits() !== before)
  shown = digits()
  await tap(qing, '#scan-open')
  await qing.until('who it is', () => qing.text().includes('138****2207'))
  lin.clock.offsetMs = 0
}

/** A tap asks WeChat for this one message, and both WeChat and the house count it. */
async function allows(phone: Phone, person: string, button: string, template: keyof typeof DEMO_TEMPLATES) {
  const { templateId } = DEMO_TEMPLATES[template]
  await phone.until(`the offer of ${template}`, () => phone.sees(button))
  const before = there.house.sandbox.control.consentsLeft(person, templateId)
  await tap(phone, button)
  const asked = phone.journal.deeds.filter(({ name }) => name === 'requestSubscribeMessage')
  expect(asked.at(-1)?.asked).toEqual({ tmplIds: [templateId] })
  expect(there.house.sandbox.control.consentsLeft(person, templateId)).toBe(before + 1)
  expect(wordsAt(phone, button)).toContain('已开启')
}

describeWithWcc('Lin scans Mei’s poster', () => {
  test('and sees, as a guest, whose treat it is and what is in it', async () => {
    await lin.until('the gift', () => lin.sees('#gift-preview'))
    expect(lin.text()).toContain('小梅请你来喝第一盏')
    for (const words of ['白桃乌龙', '满 30 减 8', '100 积分']) expect(wordsAt(lin, '#gift-preview')).toContain(words)
    expect(lin.text()).toContain('积分能换什么')
  })

  test('in pieces so light that two of them, which a slow phone hands over as one, are not too heavy', () => {
    const pieces = lin.journal.setData.filter(({ page, nth }) => page === 'tabs/home/index' && nth > 1)
    for (const { bytes } of pieces) expect(bytes).toBeLessThanOrEqual(5 * 1024)
  })

  test('joins with one tap of WeChat’s phone button, and her old card comes along', async () => {
    await tap(lin, '#join-open')
    await tap(lin, '#consent')
    await tap(lin, '#join-submit')
    expect(lin.text()).toContain('找到一张老会员卡')
    await lin.type('#claim-last4', '3421')
    await tap(lin, '#claim-submit')
    expect(lin.text()).toContain('老卡并过来了')
    await tap(lin, '#claim-done')
    await lin.until('the gift', () => at(lin) === 'pages/gift/gift')
  })

  test('opens the box: a coupon, points and a first cup', async () => {
    await lin.until('the box', () => lin.sees('#gift-open'))
    expect(lin.text()).toContain('小梅请你来喝第一盏')
    await tap(lin, '#gift-open')
    await lin.until('what was in it', () => lin.sees('#gift-opened'))
    expect(lin.sees('.gf-box--open')).toBe(true)
    for (const words of ['满 30 减 8', '+100', '白桃乌龙']) expect(wordsAt(lin, '#gift-opened')).toContain(words)
  })

  test('shows her code, and allows one message when points arrive', async () => {
    await tap(lin, '#gift-use')
    await lin.until('the code', () => /^\d{18}$/.test(lin.sees('#member-code') ? digits() : ''))
    await allows(lin, 'lin', '#allow-points', 'points_arrived')
  })
})

describeWithWcc('Qing takes the money with her own phone', () => {
  test('member price and gift coupon make ¥58.64 of ¥68.00, and the paper says why', async () => {
    await tap(qing, '#tab-me')
    await tap(qing, '#staff-open')
    await linAtTheCounter()
    for (const key of '68') await tap(qing, `#key-${key}`)
    await qing.until('the price', () => qing.sees('#hold') && wordsAt(qing, '#hold').includes('58.64'))
    expect(qing.text()).toContain('白银会员价')
    expect(qing.text()).toContain('满 30 减 8')
  })

  test('locked, then settled: 58 points to come and a packet for the next time', async () => {
    await tap(qing, '#hold')
    expect(qing.text()).toContain('请顾客付款')
    await qing.until('the button waits no more', () => qing.isEnabled('#settle'))
    await tap(qing, '#settle')
    await qing.until('the end', () => qing.sees('#done'))
    expect(wordsAt(qing, '#done')).toMatch(/已入账 ¥58\.64[\s\S]*省了 ¥9\.36[\s\S]*420 积分，58 待生效/)
    expect(qing.sees('#packet')).toBe(true)
    await tap(qing, '#next-member')
  })

  test('Lin sees it on her phone', async () => {
    await tap(lin, '#tab-home')
    await lin.pullDown()
    expect(lin.text()).toContain('58 积分待生效')
  })

  test('Mei reads that her reward is held and until when, without her friend’s name', async () => {
    await tap(mei, '#referral-open')
    await mei.until('her friends', () => mei.text().includes('待确认'))
    expect(mei.text()).toMatch(/小\*[\s\S]*已下首单/)
    expect(mei.text()).not.toContain('小林')
    await allows(mei, 'mei', '#allow-reward', 'reward_released')
  })
})

describeWithWcc('Lin spends what she has', () => {
  let pickupCode = ''

  test('the sheet says what she has before and after; then it is hers, and a message can be asked for', async () => {
    await tap(lin, '#tab-mall')
    await lin.until('the mall', () => lin.sees('#mall-points') && lin.sees('#reward-autumn_cup'))
    expect(wordsAt(lin, '#mall-points')).toContain('420')
    await tap(lin, '#reward-autumn_cup')
    await tap(lin, '#exchange')
    expect(lin.text()).toMatch(/现在\n420[\s\S]*−180[\s\S]*换完还有\n240/)
    await tap(lin, '#exchange-confirm')
    await lin.until('the end', () => lin.sees('#exchanged'))
    expect(wordsAt(lin, '#exchanged')).toMatch(/桂花乌龙 一盏[\s\S]*现在就能取[\s\S]*还有 240 积分/)
    await allows(lin, 'lin', '#allow-pickup', 'pickup_ready')
  })

  test('the pick-up code is there at once, large when tapped', async () => {
    await tap(lin, '#exchanged-open')
    expect(at(lin)).toBe('pages/mall/redemptions')
    await lin.until('both that wait', () => lin.all('.rd-code').length === 2)
    const [first] = lin.all('.rd-code')
    await tap(lin, nameOf(first as NonNullable<typeof first>))
    expect(lin.text()).toContain('先出示会员码')
    pickupCode = wordsAt(lin, '#pickup-code').replace(/\s/g, '')
    expect(pickupCode).toMatch(/^\d{8}$/)
    await tap(lin, '#pickup-to-code')
    await lin.until('the code', () => lin.sees('#member-code'))
  })

  test('the clerk hands it over by that code', async () => {
    await linAtTheCounter()
    await qing.until('what waits', () => qing.text().includes('2 件可取'))
    await tap(qing, '#pickup-open')
    shown = pickupCode
    await tap(qing, '#pickup-scan')
    await qing.until('the end', () => qing.sees('#handed'))
    expect(wordsAt(qing, '#handed')).toContain('桂花乌龙 一盏')
    await tap(qing, '.hy-sheet__close')
  })
})

describeWithWcc('her first small thing for the house', () => {
  test('is taken up with one tap', async () => {
    await tap(lin, '#tab-home')
    await tap(lin, '#obligations-open')
    await lin.until('the list', () => lin.sees('#accept-autumn_tasting'))
    await tap(lin, '#accept-autumn_tasting')
    await lin.until('under way', () => lin.text().includes('进行中 1'))
  })

  test('is confirmed by the clerk, with points and a badge', async () => {
    await tap(qing, '#checkin-open')
    await qing.until('what she took up', () => qing.sees('#check-in-autumn_tasting'))
    await tap(qing, '#check-in-autumn_tasting')
    await qing.until('the end', () => qing.sees('#checked-in'))
    expect(wordsAt(qing, '#checked-in')).toMatch(/秋茶品鉴会[\s\S]*\+50 积分，获得「知茶人」/)
    await tap(qing, '.hy-sheet__close')
  })

  test('leaves a name on her phone', async () => {
    await lin.pullDown()
    await tap(lin, '已完成 1')
    expect(wordsAt(lin, '#obligation-autumn_tasting')).toMatch(/「知茶人」[\s\S]*做完/)
  })
})

describeWithWcc('she brings the drink back', () => {
  test('the clerk takes the purchase back and sees what goes with it', async () => {
    await tap(qing, '#recent-open')
    await qing.until('her purchases', () => qing.sees('.hy-cell--tap'))
    await tap(qing, '.hy-cell--tap')
    await tap(qing, '#return-submit')
    await qing.until('the end', () => qing.sees('#returned'))
    expect(wordsAt(qing, '#returned')).toMatch(/请退给顾客 ¥58\.64[\s\S]*收回待生效 58 积分/)
    expect(wordsAt(qing, '#returned')).toContain('满 30 减 8')
    await tap(qing, '#return-done')
    await tap(qing, '.hy-sheet__close')
    await tap(qing, '#other-member')
  })

  test('her coupon is back, the packet is void', async () => {
    await lin.back()
    await tap(lin, '#tab-coupon')
    await lin.pullDown()
    expect(lin.text()).toContain('可使用 1')
    expect(wordsAt(lin, '#coupons')).toContain('满 30 减 8')
    await tap(lin, '过期的 1')
    expect(wordsAt(lin, '#coupons')).toContain('支付后红包')
  })

  test('her statement tells all of it', async () => {
    await tap(lin, '#tab-me')
    await lin.until('the way there', () => lin.sees('#statement-open'))
    await tap(lin, '#statement-open')
    await lin.until('the lines', () => lin.text().includes('退货'))
    for (const words of ['新人礼', '兑换', '秋茶品鉴会', '退货', '老会员卡（尾号 3421）并入'])
      expect(lin.text()).toContain(words)
  })

  test('Mei reads that the reward is gone, and why', async () => {
    await mei.pullDown()
    expect(mei.text()).toMatch(/小\*[\s\S]*已收回[\s\S]*首单退了款/)
  })
})

describeWithWcc('a card that they send to a chat', () => {
  test.each([
    ['tabs/home/index', {}, '/tabs/home/index?'],
    ['pages/mall/reward', { rewardId: 'autumn_cup' }, '/pages/mall/reward?rewardId=autumn_cup&'],
    ['pages/referral/referral', {}, '/tabs/home/index?'],
    ['pages/referral/rules', {}, '/pages/referral/rules?'],
    ['pages/obligation/obligations', {}, '/pages/obligation/obligations?'],
    ['pages/obligation/obligation', { id: 'own_cup' }, '/pages/obligation/obligation?id=own_cup&'],
  ])('from %s carries her own code and promises nothing', async (path, query, target) => {
    const { api } = await signIn(there.house.sandbox, there.url, 'lin')
    const { code } = await api.referral.mine.query()
    const sender = there.phoneOf('lin', { memory: lin.memory })
    await sender.start({ path, query })
    const card = sender.share()
    expect(card?.path).toBe(`${target}l=${code}`)
    expect(card?.title).toMatch(/\p{Script=Han}/u)
    expect(card?.title).not.toMatch(/奖|红包|返|免费|优惠|立减|领|赠|[+\d]\s*积分|得\s*\d/)
    expectLight(sender)
    sender.close()
  })

  test('leads a stranger from a small thing to the house, as her guest', async () => {
    const { api } = await signIn(there.house.sandbox, there.url, 'lin')
    const { code } = await api.referral.mine.query()
    const stranger = there.phoneOf('he')
    await stranger.start({ path: 'pages/obligation/obligations', query: { l: code }, scene: 1007 })
    await stranger.until('a way in', () => stranger.sees('去入会'))
    await tap(stranger, '去入会')
    await stranger.until('whose treat it is', () => stranger.text().includes('小林请你来喝第一盏'))
    expectLight(stranger)
    stranger.close()
  })
})
