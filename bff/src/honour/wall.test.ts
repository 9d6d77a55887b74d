import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { newMember, type Person, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { renameMember } from '../member/rename-member'
import { merged } from '../merge/undo.fixture'
import { reviewHonours } from '.'
import { grant, newTitle, undertaken } from './honour.fixture'
import { listHonours } from './list-honours'
import { setWall } from './set-wall'
import { showWall } from './show-wall'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
})
afterAll(() => one.close())

const put = ({ ctx }: Person, honourId: string, requestId: string = randomUUID()) =>
  setWall(ctx, { requestId, honourId }, true)
const take = ({ ctx }: Person, honourId: string) => setWall(ctx, { requestId: randomUUID(), honourId }, false)
const namesOn = async (honourId: string) => (await showWall(one.as(), { honourId })).people.map(({ name }) => name)
const mine = async ({ ctx }: Person, honourId: string) =>
  (await listHonours(ctx)).honours.find((honour) => honour.honourId === honourId)

const wearer = async (honourId: string, displayName: string) => {
  const person = await newMember(one, { name: displayName })
  await grant(one, person, honourId)
  return person
}

test('on the wall stands who wears it and said so, by the name on the card, until any of it is over', async () => {
  const { honourId, duties } = await newTitle(one, { termMonths: 1 })
  const [mei, qing, zhou, tang, lin] = await Promise.all(
    ['梅', '青', '周', '唐', '林'].map((name) => wearer(honourId, name)),
  )
  if (!mei || !qing || !zhou || !tang || !lin) throw new Error('five')
  expect(await namesOn(honourId)).toEqual([])
  for (const person of [mei, qing, zhou, tang, lin]) {
    one.clock.pass(1_000)
    expect(await put(person, honourId)).toEqual({ onWall: true })
  }
  await put(mei, honourId)
  const requestId = randomUUID()
  expect(await put(mei, honourId, requestId)).toEqual(await put(mei, honourId, requestId))
  expect(await namesOn(honourId)).toEqual(['林', '唐', '周', '青', '梅'])
  expect((await showWall(one.as(), { honourId })).people[4]).toEqual({ name: '梅', since: expect.any(String) })

  // nobody has looked at the new name: off the wall, until it is put there again
  await renameMember(mei.ctx, { requestId: randomUUID(), displayName: '小梅' })
  expect(await namesOn(honourId)).toEqual(['林', '唐', '周', '青'])
  one.clock.pass(1_000)
  await put(mei, honourId)
  await take(qing, honourId)
  // zhou turns out to be mei; the survivor keeps the wall, the other's name is on no card any more
  await merged(one, mei.memberId, zhou.memberId)
  await one.as().db.cancellation.create({
    data: {
      memberId: tang.memberId,
      askedAt: one.clock.at,
      dueAt: new Date(one.clock.at.getTime() + DAY_MS),
      state: 'asked',
      because: 'member',
    },
  })
  expect(await namesOn(honourId)).toEqual(['小梅', '林'])
  await one.as().db.cancellation.deleteMany({ where: { memberId: tang.memberId } })
  expect(await namesOn(honourId)).toEqual(['小梅', '林', '唐'])

  expect(await mine(lin, honourId)).toMatchObject({
    state: 'worn',
    onWall: true,
    until: '2026-12-31T15:59:59.999Z',
    duties: { need: 2, done: 0, from: '2026-11-30T16:00:00.000Z' },
  })
  // the last month of a term asks for no duties; its end takes everybody off, looked at or not
  one.clock.at = new Date('2026-12-24T10:00:00+08:00')
  await undertaken(one, lin, duties[0] as string)
  await reviewHonours(one.as(), { batch: 50 })
  expect(await mine(lin, honourId)).toMatchObject({ state: 'warned', because: 'term', duties: { done: 1 } })
  one.clock.at = new Date('2027-01-01T00:00:00+08:00')
  expect(await namesOn(honourId)).toEqual([])
  expect(await mine(lin, honourId)).toMatchObject({
    state: 'lapsed',
    because: 'term',
    onWall: false,
    regainUntil: null,
  })
  await refusalOf(put(lin, honourId), 'HONOUR_NEEDED')
})

test('a wall is read in pages, and tells nobody’s number', async () => {
  const { honourId } = await newTitle(one)
  for (let n = 0; n < 23; n++) await put(await wearer(honourId, `第${n}`), honourId)
  const first = await showWall(one.as(), { honourId })
  const second = await showWall(one.as(), { honourId, after: first.next as string })
  expect([first.people.length, second.people.length, second.next]).toEqual([20, 3, null])
  expect(new Set([...first.people, ...second.people].map(({ name }) => name)).size).toBe(23)
  await refusalOf(showWall(one.as(), { honourId, after: 'made up' }), 'BAD_INPUT')
  await refusalOf(showWall(one.as(), { honourId: 'no-such' }), 'NOT_FOUND')
  const shocking = await wearer(honourId, '违禁的名字')
  const told: string[] = []
  const securityText = async ({ text }: { text: string }) => {
    told.push(text)
    return { suggest: 'risky' as const, label: 20001 }
  }
  const careful = { ...shocking.ctx, wechat: { ...one.house.wechat, securityText } }
  await refusalOf(setWall(careful as never, { requestId: randomUUID(), honourId }, true), 'CONTENT_REFUSED')
  expect(told).toEqual(['违禁的名字'])
  const stranger = await newMember(one)
  await refusalOf(put(stranger, honourId), 'HONOUR_NEEDED')
  expect(await mine(stranger, honourId)).toMatchObject({ state: 'open', onWall: false, grantedAt: null })
})
