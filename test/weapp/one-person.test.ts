import { randomUUID } from 'node:crypto'
import { TWIN } from '../../prisma/seed/twin'
import { codeOn } from '../story/demo-people.fixture'
import { type Client, signIn } from '../support/running-house'
import { phoneHouse } from './house.fixture'
import { expectLight, tapLightly } from './light.fixture'
import type { Phone } from './runtime/phone'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()
const NEW_CARD = '6200 1234 5678'
let tang: Phone
let mei: Client

beforeAll(async () => {
  tang = there.phoneOf('tang')
  mei = (await signIn(there.house.sandbox, there.url, 'mei')).api
  await tang.start()
})

describeWithWcc('Tang, who puts records together, on a phone', () => {
  test('finds both by phone and by card, and must say why', async () => {
    await tang.tap('#tab-me')
    await tang.tap('#merges-open')
    await tang.type('#one-input', TWIN.phone.slice(3))
    await tapLightly(tang, '#one-find')
    await tang.until('the first', () => tang.text().includes('陆**'))
    await tang.type('#two-input', TWIN.cardNo)
    await tapLightly(tang, '#two-find')
    await tang.until('the preview', () => tang.sees('#merge-note'))
    expect(tang.text()).toMatch(/留下[\s\S]*并入[\s\S]*260 分/)
    await tapLightly(tang, '#merge-ask')
    expect(tang.text()).toContain('请写一句依据')
  })

  test('merges once what got lost on the way, however often she asks', async () => {
    await tang.type('#merge-note', '来电核对了姓名')
    await tapLightly(tang, '#merge-ask')
    await tang.setOnline(false)
    await tang.tap('#merge-submit')
    await tang.until('the doubt', () => tang.text().includes('不会做两次'))
    await tang.tap('关闭')
    await tang.until('the way back', () => tang.sees('#merge-reopen'))
    await tang.setOnline(true)
    await tang.tap('#merge-reopen')
    await tang.tap('#merge-submit')
    await tang.until('the result', () => tang.sees('#merged'))
    await tang.tap('#merge-open')
    await tang.until('the record', () => tang.sees('#undo-note'))
    expect(tang.text()).toContain('说明：来电核对了姓名')
    expectLight(tang)
  })

  test('weighs who bears what was spent, takes it back and finds both in the journal', async () => {
    await tapLightly(tang, '由品牌承担')
    await tang.until('the preview', () => tang.sees('#undo-note'))
    await tapLightly(tang, '由留下的会员承担')
    await tang.until('the preview', () => tang.sees('#undo-note'))
    await tang.type('#undo-note', '卡是家人的')
    await tapLightly(tang, '#undo-ask')
    await tang.tap('#undo-submit')
    await tang.until('the result', () => tang.sees('#undone'))
    expect(tang.text()).toContain('260 分')
    await tang.tap('#undo-done')
    await tang.until('the record', () => tang.sees('#undone-record'))
    await tang.start({ path: 'pages/merge/merges' })
    await tapLightly(tang, '#view-journal')
    await tang.until('the journal', () => tang.text().includes('已撤销'))
    expectLight(tang)
  })
})

describeWithWcc('a card in the hand of Mei', () => {
  test('is bound at the counter, and an older one brings what was on it', async () => {
    const qing = there.phoneOf('qing')
    const place = { deviceLabel: '小梅的手机', platform: 'weapp' as const }
    const code = codeOn(await mei.code.enrol.mutate({ requestId: randomUUID(), ...place }))
    qing.holder.scans = () => code
    await qing.start({ path: 'pages/staff/counter' })
    await qing.tap('#scan-open')
    await qing.until('her card', () => qing.sees('#cards-open'))
    await tapLightly(qing, '#cards-open')
    for (const [cardNo, said] of [
      [NEW_CARD, '绑好了'],
      [TWIN.cardNo, '带来 260 积分'],
    ] as const) {
      await qing.type('#card-input', cardNo)
      await tapLightly(qing, '#card-look')
      await qing.until('what it would do', () => qing.sees('#card-confirm'))
      await tapLightly(qing, '#card-confirm')
      await qing.until('the result', () => qing.text().includes(said))
    }
    expectLight(qing)
  })

  test('stands among what leads to her, and what it brought below', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/member/profile' })
    await phone.until('what became hers', () => phone.sees('#merges-of-mine'))
    expect(phone.text()).toContain('带来 260 积分')
    expect(phone.text()).toContain('尾号 5678')
    await phone.tap('#card-open')
    await phone.type('#card-no', NEW_CARD)
    await tapLightly(phone, '#card-submit')
    await phone.until('the answer', () => phone.text().includes('这张卡早就是你的'))
    expectLight(phone)
  })
})
