import { randomUUID } from 'node:crypto'
import { LIN_CARD } from '../../prisma/seed/demo-brand'
import { TWIN } from '../../prisma/seed/twin'
import { testDatabase } from '../support/database'
import { type Client, signIn } from '../support/running-house'
import { customerOf, type NextCode } from './customer'
import { scanInto, see, storyOf, tap, textOf } from './walk.fixture'
import { at, type Screen, signInAs, startWebHouse, TILL, type WebHouse } from './web-house'

const database = testDatabase()
const PHONE_SAID = TWIN.phone.slice(3)
const TANGS_PHONE = '13800006641'
const NEW_CARD = '620012345678'

let there: WebHouse
let tang: Screen
let qing: Screen
let mei: Screen
let an: Client
let nextCode: NextCode

beforeAll(async () => {
  there = await startWebHouse(database.url, { members: 0 })
  ;[tang, qing, mei] = await Promise.all([there.open(TILL), there.open(TILL), there.open()])
  an = (await signIn(there.house.sandbox, there.url, 'an')).api
  nextCode = await customerOf(there, 'mei')
})
afterAll(() => there?.stop())

const step = storyOf(() => ({ desk: tang, till: qing, phone: mei }))

/** Looks for one of the two by a number. */
async function find(which: 'one' | 'two', said: string): Promise<void> {
  await at(tang.page, `${which}-input`).fill(said)
  await tap(tang, `${which}-find`)
}

/** Another operator joins two records meanwhile. */
async function joinElsewhere(one: string, two: string): Promise<void> {
  const { seal } = await an.merge.preview.query({ one, two })
  await an.merge.merge.mutate({ requestId: randomUUID(), one, two, seal, note: '两张卡都在手里' })
}

async function takeBackElsewhere(): Promise<void> {
  const [latest] = (await an.merge.list.query({ limit: 1 })).merges
  const of = { mergeId: latest?.mergeId ?? '', charge: 'survivor' } as const
  const { seal } = await an.merge.previewUndo.query(of)
  await an.merge.undo.mutate({ requestId: randomUUID(), ...of, seal, note: '拿错了卡' })
}

describe('Tang, who puts records of one person together', () => {
  step('finds the page among her own things; a number that nobody has is said to be so', async () => {
    await signInAs(tang, there.url, '运营小唐')
    await tap(tang, 'tab-me')
    await tap(tang, 'merges-open')
    await see(tang, '找到两位会员，就能看到合并的预览')
    await find('one', '13800000000')
    await see(tang, '没有找到这位会员')
  })

  step('the same record twice, and her own, are refused by name, and offer no button', async () => {
    await find('one', PHONE_SAID)
    await find('two', PHONE_SAID)
    await see(tang, '这是同一位会员')
    await find('two', TANGS_PHONE)
    await see(tang, '这是您自己的会员，请别的运营来处理')
    expect(await at(tang.page, 'merge-ask').count()).toBe(0)
  })

  step('by phone and by card she finds both, sees who stays and what comes over, and must say why', async () => {
    await find('two', TWIN.cardNo.replace(/(\d{4})(?=\d)/g, '$1 '))
    await at(tang.page, 'merge-note').waitFor()
    expect(await textOf(tang, 'preview')).toMatch(/陆\*\*留下.*陆\*\*并入.*尾号\s7788.*会并过来积分260 分/)
    await tap(tang, 'merge-ask')
    await see(tang, '请写一句依据')
    await at(tang.page, 'merge-note').fill('来电核对了姓名和两次消费')
  })

  step('what changed after she looked is not merged: she is led back and looks again', async () => {
    await tap(tang, 'merge-ask')
    await see(tang, '会并过来 260 积分')
    const points = 8
    const said = { memberNo: TWIN.cardNo, points, reason: 'goodwill', note: '等了很久' } as const
    await an.ledger.adjust.mutate({ requestId: randomUUID(), ...said })
    await tap(tang, 'merge-submit')
    await see(tang, '情况刚刚变了')
    expect(await at(tang.page, 'merge-submit').count()).toBe(0)
    await tap(tang, 'merge-back')
    await see(tang, '268 分')
  })

  step('then both are one, and the record says who did it and why', async () => {
    await tap(tang, 'merge-ask')
    await tap(tang, 'merge-submit')
    await at(tang.page, 'merged').waitFor()
    await tap(tang, 'merge-open')
    await at(tang.page, 'merge-record').waitFor()
    expect(await textOf(tang, 'merge-record')).toMatch(/有效.*YY001.*总部运营核对后合并说明：来电核对了姓名和两次消费/)
  })

  step('while a later merge builds on it, the way leads there first', async () => {
    await joinElsewhere(PHONE_SAID, LIN_CARD.memberNo)
    await tang.page.reload()
    await see(tang, '之后又有一次合并，请先撤销那一次')
    expect(await at(tang.page, 'undo-ask').count()).toBe(0)
    await tap(tang, 'undo-later')
    await see(tang, '尾号 3421 并入')
    await takeBackElsewhere()
    await tang.page.goBack()
  })

  step('she takes it back: the card has its points again, and the record says so', async () => {
    await tang.page.reload()
    await at(tang.page, 'undo-note').waitFor()
    await tap(tang, 'undo-ask')
    await see(tang, '请写一句原因')
    await at(tang.page, 'undo-note').fill('卡是家人的')
    await tap(tang, 'undo-ask')
    await tap(tang, 'undo-submit')
    await at(tang.page, 'undone').waitFor()
    expect(await textOf(tang, 'undone')).toContain('积分268 分')
    await tap(tang, 'undo-done')
    await see(tang, '已经撤销')
    expect(await textOf(tang, 'undone-record')).toMatch(/由留下的会员承担原因：卡是家人的/)
    expect(await at(tang.page, 'undo-ask').count()).toBe(0)
  })

  step('the journal keeps both, and whoever looks at the two again is told to look well', async () => {
    await tang.page.goto(`${there.url}/?again#/pages/merge/merges`)
    await tap(tang, 'view-journal')
    await at(tang.page, 'journal').waitFor()
    expect((await textOf(tang, 'journal')).match(/已撤销/g)).toHaveLength(2)
    await tap(tang, 'view-merge')
    await find('one', PHONE_SAID)
    await find('two', TWIN.cardNo)
    await see(tang, '这两位曾经合并又被分开过，请再核对一遍')
  })
})

describe('Qing at the counter, with cards in the customer’s hand', () => {
  step('a card that nobody has is scanned into the sheet and bound', async () => {
    await signInAs(qing, there.url, '阿青')
    await tap(qing, 'tab-me')
    await tap(qing, 'staff-open')
    await at(qing.page, 'find-open').waitFor()
    await scanInto(qing, await nextCode())
    await at(qing.page, 'who').waitFor()
    await tap(qing, 'cards-open')
    await see(qing, '这位顾客还没有绑过实体卡')
    await scanInto(qing, NEW_CARD)
    await see(qing, '尾号 5678 这张卡还没有人用过')
    await tap(qing, 'card-confirm')
    await see(qing, '绑好了，以后报卡号也能积分')
    await see(qing, '尾号 5678')
  })

  step('an older card, scanned into the field, shows what it would bring before it does', async () => {
    await at(qing.page, 'card-input').click()
    await scanInto(qing, TWIN.cardNo)
    await see(qing, '尾号 7788 这张卡是一位老会员的')
    expect(await textOf(qing, 'card-seen')).toContain('积分268 分')
    await tap(qing, 'card-confirm')
    await see(qing, '带来 268 积分，到期日不变')
    await see(qing, '尾号 7788')
  })

  step('without her phone the number of the card is enough to earn', async () => {
    await qing.page.getByRole('button', { name: '关闭' }).filter({ visible: true }).click()
    await tap(qing, 'other-member')
    await tap(qing, 'find-open')
    await at(qing.page, 'find-input').fill(NEW_CARD)
    await tap(qing, 'find-submit')
    await at(qing.page, 'who').waitFor()
    expect(await textOf(qing, 'who')).toContain('小*')
  })

  step('Mei reads on her phone which card became hers, and what it brought', async () => {
    await signInAs(mei, there.url, '小梅')
    await mei.page.goto(`${there.url}/?mine#/pages/member/profile`)
    await at(mei.page, 'merges-of-mine').waitFor()
    expect(await textOf(mei, 'merges-of-mine')).toMatch(/并进来的会员尾号 7788.*带来 268 积分.*店员核对了实体卡或本人/)
    expect(await textOf(mei, 'identities')).toContain('尾号 5678')
  })

  step('nothing broke on any screen on the way', async () => {
    const said = [tang, qing, mei].flatMap(({ complaints }) => complaints)
    expect(said.filter((line) => !line.startsWith('Failed to load resource'))).toEqual([])
  })
})
