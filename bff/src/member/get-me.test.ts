import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStaff, type TestHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { getMe } from './get-me'
import { memberHouse, newMember, newOpenid, oldCard } from './member.fixture'
import { mergeMember } from './merge-member'
import { renameMember } from './rename-member'

const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = memberHouse(database.url)
})
afterAll(() => one.close())

describe('who am I?', () => {
  test('number, masked phone, tier and every way in; the unionid is nobody’s business', async () => {
    const weapp = { openid: newOpenid(), unionid: newOpenid() }
    const me = await newMember(one, { name: '林小满', phone: '+8613800002207', weapp, oa: { openid: newOpenid() } })
    expect(await getMe(me.ctx)).toEqual({
      memberId: me.memberId,
      memberNo: me.memberNo,
      displayName: '林小满',
      phoneMasked: '138****2207',
      tier: 1,
      joinedAt: one.clock.at.toISOString(),
      birthday: null,
      birthdayFixedUntil: null,
      identities: expect.arrayContaining([
        { kind: 'wechat_openid', label: '微信小程序', hint: '', provenAt: one.clock.at.toISOString() },
        { kind: 'wechat_openid', label: '微信公众号', hint: '', provenAt: one.clock.at.toISOString() },
        { kind: 'phone', label: '手机号', hint: '', provenAt: one.clock.at.toISOString() },
      ]),
      staff: null,
      openClaim: null,
    })
    const said = JSON.stringify(await getMe(me.ctx))
    for (const secret of [weapp.openid, weapp.unionid, '13800002207']) expect(said).not.toContain(secret)
    expect((await getMe(me.ctx)).identities).toHaveLength(3)
  })

  test('a plastic card shows its last four; without a phone and a name there is a kind word', async () => {
    const card = await oldCard(one)
    await one.house.prisma.member.update({ where: { memberId: card.memberId }, data: { nameSealed: null } })
    await one.house.prisma.identity.deleteMany({ where: { memberId: card.memberId, kind: 'phone' } })
    expect(await getMe(card.ctx)).toMatchObject({
      displayName: '茶友',
      phoneMasked: null,
      identities: [{ kind: 'store_card', label: '实体会员卡', hint: `尾号 ${card.last4}` }],
    })
  })

  test('a clerk sees where the work is', async () => {
    const clerk = await newStaff(one)
    expect((await getMe(clerk.ctx)).staff).toMatchObject({ role: 'clerk', storeId: clerk.storeId })
  })

  test('a record merged a moment ago shows nobody an empty card: the next token is the survivor’s', async () => {
    const [me, other] = await Promise.all([newMember(one), newMember(one)])
    await inTx(one.as(), (tx) => mergeMember(tx, me.memberId, other.memberId))
    await refusalOf(getMe(other.ctx), 'SESSION_OVER')
    const name = { requestId: randomUUID(), displayName: '小满' }
    await refusalOf(renameMember(other.ctx, name), 'SESSION_OVER')
  })

  test('nobody is nobody', () => refusalOf(getMe(one.as()), 'SESSION_NEEDED'))
})

describe('a new name', () => {
  const renamed = (displayName: string) => ({ requestId: randomUUID(), displayName })

  test.each([
    ['小满', '小满'],
    ['  小满  ', '小满'],
    ['😀'.repeat(20), '😀'.repeat(20)],
    ['O’Neill', 'O’Neill'],
  ])('%j is kept, sealed', async (given, kept) => {
    const me = await newMember(one)
    expect(await renameMember(me.ctx, renamed(given))).toEqual({ displayName: kept })
    expect(await getMe(me.ctx)).toMatchObject({ displayName: kept })
    const row = await one.house.prisma.member.findUniqueOrThrow({ where: { memberId: me.memberId } })
    expect(Buffer.from(row.nameSealed as Uint8Array).includes(Buffer.from(kept))).toBe(false)
  })

  test.each([[''], ['   '], ['字'.repeat(21)], ['a\nb'], ['a\u0000b'], ['\ud800'], ['a\u202eb']])(
    '%j is no name',
    async (given) => {
      const me = await newMember(one, { name: '小林' })
      await refusalOf(renameMember(me.ctx, renamed(given)), 'BAD_INPUT')
      expect(await getMe(me.ctx)).toMatchObject({ displayName: '小林' })
    },
  )

  test('sent again it changes nothing; the stored answer does not hold it; another name under the id is refused', async () => {
    const me = await newMember(one)
    const first = renamed('小满')
    await renameMember(me.ctx, first)
    await renameMember(me.ctx, renamed('阿满'))
    expect(await renameMember(me.ctx, first)).toEqual({ displayName: '小满' })
    expect(await getMe(me.ctx)).toMatchObject({ displayName: '阿满' })
    await refusalOf(renameMember(me.ctx, { ...first, displayName: '别人' }), 'REQUEST_REUSED')
    const stored = await one.house.prisma.request.findMany({ where: { verb: 'member.rename' } })
    expect(JSON.stringify(stored)).not.toContain('小满')
  })

  test('two members may use one id', async () => {
    const [a, b] = await Promise.all([newMember(one), newMember(one)])
    const asked = renamed('小满')
    await Promise.all([renameMember(a.ctx, asked), renameMember(b.ctx, { ...asked, displayName: '大满' })])
    expect([await getMe(a.ctx), await getMe(b.ctx)]).toMatchObject([{ displayName: '小满' }, { displayName: '大满' }])
  })
})
