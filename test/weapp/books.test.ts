import { openDatabase } from '../../bff/src/db'
import { LIN_CARD } from '../../prisma/seed/demo-brand'
import { type Client, signIn } from '../support/running-house'
import { phoneHouse } from './house.fixture'
import { expectLight, tapLightly } from './light.fixture'
import type { Phone } from './runtime/phone'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()
let tang: Phone
let an: Client

beforeAll(async () => {
  tang = there.phoneOf('tang')
  await tang.start()
  an = (await signIn(there.house.sandbox, there.url, 'an')).api
})

const subject = () => an.ledger.subject.query({ memberNo: LIN_CARD.memberNo })
const waiting = async () => (await an.ledger.adjustments.query({ state: 'waiting' })).adjustments

/** Fills in the whole form and asks for the last look. */
async function ask(points: string): Promise<void> {
  await tang.type('#adjust-points', points)
  await tang.tap('客情心意')
  await tang.type('#adjust-note', '来电，等了 40 分钟')
  await tapLightly(tang, '#adjust-ask')
}

describeWithWcc('Tang, who keeps the books, on a phone', () => {
  test('finds the way in among her own things', async () => {
    await tang.tap('#tab-me')
    await tang.tap('#books-open')
    expect(tang.page().page.path).toBe('pages/books/books')
    expect(tang.text()).toContain('先找到会员')
  })

  test('is told where a number is wrong, and keeps what she typed', async () => {
    await tang.type('#subject-input', LIN_CARD.memberNo.slice(0, -1))
    const asked = tang.journal.requests.length
    await tang.tap('#subject-find')
    expect(tang.text()).toContain('会员号是 16 位，现在 15 位')
    expect(tang.journal.requests).toHaveLength(asked)
  })

  test('finds the member masked, and corrects a little at once', async () => {
    await tang.type('#subject-input', LIN_CARD.memberNo.replace(/(\d{4})(?=\d)/g, '$1 '))
    await tapLightly(tang, '#subject-find')
    expect(tang.text()).toMatch(/小\*/)
    expect(tang.text()).toContain('尾号 3421')
    await tang.tap('#adjust-ask')
    expect(tang.text()).toContain('请填写积分')
    await ask('20')
    expect(tang.text()).toContain('320 → 340')
    expect(tang.text()).toContain('今天还能一个人调整 480 分')
    await tang.tap('#adjust-submit')
    await tang.until('the result', () => tang.sees('#adjusted'))
    await tang.tap('#adjust-done')
    expect(await subject()).toMatchObject({ points: 340, debtPoints: 0 })
  })

  test('sends once what got lost on the way, however often she asks', async () => {
    await ask('30')
    await tang.setOnline(false)
    await tang.tap('#adjust-submit')
    await tang.until('the doubt', () => tang.text().includes('不会重复调整'))
    await tang.tap('关闭')
    expect(tang.sees('#adjust-points')).toBe(false)
    await tang.setOnline(true)
    await tang.tap('#adjust-reopen')
    await tang.tap('#adjust-submit')
    await tang.until('the result', () => tang.sees('#adjusted'))
    await tang.tap('#adjust-done')
    expect(await subject()).toMatchObject({ points: 370 })
  })

  test('asks for a second operator above her limit, and cannot decide on it herself', async () => {
    const before = (await waiting()).length
    await ask('800')
    expect(tang.text()).toContain('等另一位运营复核')
    await tang.tap('#adjust-submit')
    await tang.until('the result', () => tang.sees('#adjusted'))
    expect(tang.text()).toContain('已提交，等待复核')
    await tang.tap('#adjust-done')
    await tang.tap('#view-review')
    await tang.until('the list', () => tang.text().includes('等别人复核'))
    const own = (await waiting()).find(({ points, memberNo }) => points === 800 && memberNo.endsWith('3421'))
    expect(await waiting()).toHaveLength(before + 1)
    expect(tang.sees(`#agree-${own?.adjustmentId}`)).toBe(false)
    expect(await subject()).toMatchObject({ points: 370 })
  })

  test('sees what the house owes its members, month by month', async () => {
    await tang.tap('#view-liability')
    await tang.until('the months', () => tang.all('.bk-line').length > 2)
    const { available, pending } = await an.ledger.liability.query()
    expect(tang.get('#liability-total').children[0]?.text.replace(/,/g, '')).toBe(String(available + pending))
    expectLight(tang)
  })
})

describeWithWcc('An, the second operator', () => {
  let phone: Phone
  const open = async () => {
    phone = there.phoneOf('an')
    await phone.start({ path: 'pages/books/books' })
    await phone.tap('#view-review')
  }

  test('agrees, and the points are there', async () => {
    const own = (await waiting()).find(({ memberNo }) => memberNo.endsWith('3421'))
    await open()
    await phone.until('the list', () => phone.sees(`#agree-${own?.adjustmentId}`))
    await phone.tap(`#agree-${own?.adjustmentId}`)
    await phone.tap('#decide-submit')
    await phone.until('the result', () => phone.sees('#decided'))
    await phone.tap('#decide-done')
    expect(phone.sees(`#agree-${own?.adjustmentId}`)).toBe(false)
    expect(await subject()).toMatchObject({ points: 1_170 })
    expectLight(phone)
  })

  test('must say why when she refuses', async () => {
    const [other] = await waiting()
    await open()
    await phone.until('the list', () => phone.sees(`#refuse-${other?.adjustmentId}`))
    await phone.tap(`#refuse-${other?.adjustmentId}`)
    await phone.tap('#decide-submit')
    expect(phone.text()).toContain('请写一句原因')
    await phone.type('#decide-note', '收据是另一位会员的')
    await phone.tap('#decide-submit')
    await phone.until('the result', () => phone.text().includes('已记下，不会生效'))
    await phone.tap('#decide-done')
    expect(phone.text()).toContain('没有等待复核的')
    expectLight(phone)
  })
})

describeWithWcc('Tang, who looks at what waits', () => {
  test('reads the facts of two people, writes why not or lets the reward go', async () => {
    const { prisma, close } = openDatabase(there.databaseUrl, 1)
    const { memberId, referralId } = await prisma.referral.findFirstOrThrow({ where: { state: 'held' } })
    const facts = {
      ...{ sharedDevices: 1, devicePeople: 0, sharedPayers: 0, payerPeople: 0, networkPeople: 2, staff: null },
      ...{
        joinedWithinHour: 1,
        joinedWithinDay: 1,
        riskAtJoin: 0,
        riskNow: null,
        mergedBefore: false,
        phoneMoved: false,
      },
    }
    const where = { memberId_referralId: { memberId, referralId } }
    const doubts = ['same_device', 'same_network']
    await prisma.referral.update({ where, data: { state: 'review', judgedAt: new Date(), doubts, facts } })
    const { memberNo } = await prisma.member.findUniqueOrThrow({ where: { memberId } })
    const phone = there.phoneOf('tang')
    await phone.start({ path: 'pages/review/review' })
    const card = `#friend-${memberNo.slice(-4)}`
    await phone.until('the case', () => phone.sees(card))
    await phone.tap(card)
    await phone.until('the facts', () => phone.text().includes('手机号换过手'))
    expect(phone.text()).toMatch(/共用的手机\s*1 台/)
    await phone.tap('#review-refuse')
    expect(phone.text()).toContain('请写一句，邀请人会看到')
    await phone.tap('#review-pay')
    await phone.until('the result', () => phone.sees('#decided'))
    expect(await prisma.referral.findUniqueOrThrow({ where })).toMatchObject({ state: 'held', cleared: doubts })
    await phone.tap('#decided-done')
    expect(phone.sees(card)).toBe(false)
    await phone.tap('#view-material')
    await phone.tap('#view-appeal')
    await phone.until('both queues', () => phone.sees('#appeals-material'))
    expectLight(phone)
    await close()
  })
})

describeWithWcc('a member', () => {
  test('reads above the lots what ends when', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/ledger/statement', query: { view: 'lots' } })
    await phone.until('the forecast', () => phone.sees('#forecast'))
    expect(phone.text()).toMatch(/底有 [\d,]+ 积分到期/)
    expectLight(phone)
  })

  test('sees on the statement what was corrected, and why', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/ledger/statement' })
    await phone.until('the correction', () => phone.text().includes('客服为你调整，获得'))
    expectLight(phone)
  })

  test('who is no operator is told so', async () => {
    const phone = there.phoneOf('zhou')
    await phone.start({ path: 'pages/books/books' })
    await phone.until('the refusal', () => phone.text().includes('需要总部运营来操作'))
    expect(phone.complaints()).toEqual([])
  })
})
