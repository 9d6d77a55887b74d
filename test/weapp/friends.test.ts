import { DAY_MS } from '@huiyuan/shared/time'
import { openDatabase } from '../../bff/src/db'
import { photo } from '../../bff/src/upload/picture.fixture'
import { signIn } from '../support/running-house'
import { phoneHouse } from './house.fixture'
import { expectLight } from './light.fixture'
import { nameOf } from './runtime/tree'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()
const meiHerself = async () => (await signIn(there.house.sandbox, there.url, 'mei')).api

describeWithWcc('Mei asks a friend to tea', () => {
  test('her poster is drawn with the code, and is kept in the album', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/referral/poster' })
    await phone.until('the poster', () => phone.isEnabled('#save'))
    const drawn = phone.canvas('poster')?.strokes ?? []
    const words = drawn.filter(({ name }) => name === 'fillText').map(({ args }) => args[0])
    expect(words.join('')).toMatch(/请你喝第一盏.*小梅请客/)
    const [, , , wide, high] = drawn.find(({ name }) => name === 'drawImage')?.args ?? []
    expect(wide).toBeGreaterThan(200)
    expect(high).toBe(wide)
    await phone.tap('#save')
    expect(phone.journal.deeds.map(({ name }) => name)).toContain('saveImageToPhotosAlbum')
    expect(phone.complaints()).toEqual([])
  })

  test('her certificate names the honour, her, the term and the house, and is kept in the album', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/honour/certificate', query: { id: 'ambassador' } })
    await phone.until('the certificate', () => phone.isEnabled('#save'))
    const drawn = phone.canvas('certificate')?.strokes ?? []
    const words = drawn.filter(({ name }) => name === 'fillText').map(({ args }) => args[0])
    expect(words.join('')).toMatch(/^一盏称号证书小梅.*一盏大使.*\d{4} 年 \d+ 月 1 日 — \d{4} 年 \d+ 月 \d+ 日/)
    await phone.tap('#save')
    expect(phone.journal.deeds.map(({ name }) => name)).toContain('saveImageToPhotosAlbum')
    expect(phone.complaints()).toEqual([])
  })

  test('an album that she keeps closed is asked for once more, in words', async () => {
    let open = false
    const phone = there.phoneOf('mei', { holder: { grants: () => open } })
    await phone.start({ path: 'pages/referral/poster' })
    await phone.until('the poster', () => phone.isEnabled('#save'))
    await phone.tap('#save')
    expect(phone.text()).toContain('还不能存到相册')
    await phone.tap('#allow-album')
    expect(phone.text()).toContain('还不能存到相册')
    open = true
    await phone.tap('#allow-album')
    expect(phone.text()).not.toContain('还不能存到相册')
    expect(phone.journal.deeds.map(({ name }) => name)).toContain('saveImageToPhotosAlbum')
    expect(phone.complaints()).toEqual([])
  })

  test('a card that she sends leads to her, whatever page she sends it from', async () => {
    const api = await meiHerself()
    const { code } = await api.referral.mine.query()
    for (const path of ['tabs/home/index', 'pages/referral/referral', 'pages/referral/poster']) {
      const phone = there.phoneOf('mei')
      await phone.start({ path })
      expect(phone.share()).toMatchObject({ path: `/tabs/home/index?l=${code}` })
    }
  })
})

describeWithWcc('her friends', () => {
  test('are told step by step, and the own link is copied for wherever a friend reads it', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/referral/referral' })
    await phone.until('a friend', () => phone.text().includes('积分到账'))
    const [first] = phone.all('.hy-cell--tap')
    await phone.tap(`#${first?.id}`)
    await phone.until('the course', () => phone.sees('#friend-track'))
    await phone.tap('.hy-sheet__close')
    await phone.tap('#links-open')
    await phone.until('the links', () => phone.sees('#link-h5') && phone.sees('#link-wechat'))
    await phone.tap('#link-h5')
    const { code } = await (await meiHerself()).referral.mine.query()
    expect(phone.device.clipboard).toMatch(new RegExp(`^https?://.*l=${code}$`))
    expectLight(phone)
  })
})

describeWithWcc('a friend', () => {
  test('who scans the poster and joins two days later counts for Mei, and goes straight to the gift', async () => {
    const api = await meiHerself()
    const { scene } = await api.referral.poster.query()
    const before = await api.referral.mine.query()
    there.house.sandbox.control.addPerson({ key: 'yun', name: '小云', phone: '+8613900003333' })
    const phone = there.phoneOf('yun')
    await phone.start({ path: 'tabs/home/index', query: { scene: encodeURIComponent(scene) }, scene: 1047 })
    await phone.until('whose treat it is', () => phone.text().includes('小梅请你来喝第一盏'))
    phone.clock.offsetMs = 2 * DAY_MS
    await phone.start()
    await phone.until('whose treat it is', () => phone.text().includes('小梅请你来喝第一盏'))
    await phone.tap('#join-open')
    await phone.tap('#consent')
    await phone.tap('#join-skip-phone')
    await phone.until('the gift', () => phone.page().page.path === 'pages/gift/gift')
    const { friends } = await api.referral.mine.query()
    expect(friends).toHaveLength(before.friends.length + 1)
    expect(friends[0]).toMatchObject({ state: 'joined', points: 0 })
    expect(phone.complaints()).toEqual([])
  })
})

describeWithWcc('a small thing for the house', () => {
  test('is taken up with one tap, and read in full', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/obligation/obligations' })
    await phone.tap(
      phone
        .all('.hy-chip')
        .map(nameOf)
        .find((name) => name.startsWith('可以做')) ?? '可以做',
    )
    await phone.until('what there is', () => phone.sees('#accept-own_cup'))
    await phone.tap('#accept-own_cup')
    await phone.until('it is under way', () => !phone.sees('#accept-own_cup'))
    await phone.visit('/pages/obligation/obligation?id=own_cup')
    await phone.until('the whole of it', () => phone.text().includes('怎么算做到'))
    expect(phone.page().page.path).toBe('pages/obligation/obligation')
    expect(phone.complaints()).toEqual([])
  })

  test('that came back is handed in once more: a file that is no picture is refused with a word, a photo goes up, a colleague looks', async () => {
    let picks: Buffer[] = [Buffer.from('<script>alert(1)</script>'.repeat(20))]
    const phone = there.phoneOf('mei', { holder: { pictures: () => picks } })
    await phone.start({ path: 'pages/obligation/obligation', query: { id: 'trial_new_tea' } })
    await phone.until('why it came back', () => phone.text().includes('看不清楚'))
    await phone.tap('#hand-in-again')
    await phone.type('#hand-in-text', '水温九十度，第一泡三分钟，香气清，回甘短；第二泡久一点，反而更甜。')
    await phone.tap('#photo-add')
    await phone.until('a word on the file', () => phone.text().includes('这种照片格式读不了'))
    expect(phone.isEnabled('#hand-in-send')).toBe(false)
    await phone.tap('#photo-remove-1')
    picks = [await photo()]
    await phone.tap('#photo-add')
    await phone.until('all is there', () => phone.isEnabled('#hand-in-send'))
    await phone.tap('#hand-in-send')
    await phone.until('where it is', () => /检查中|审核中/.test(phone.text()))
    expect(phone.text()).toContain('第 2 次交上来')
    expectLight(phone)
  })
})

describeWithWcc('the menu', () => {
  test('tells of one article what members say, marked as thanked for', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'pages/product/menu' })
    await phone.until('the menu', () => phone.sees('#look-osmanthus_milk'))
    await phone.tap('#look-osmanthus_milk')
    await phone.until('what they say', () => /有奖评价|还没有人写/.test(phone.text()))
    expectLight(phone)
  })
})

describeWithWcc('Tang, who writes down what friends are thanked for', () => {
  test('is told what may not be, puts it right, saves it, and stops another one for good', async () => {
    const { prisma, close } = openDatabase(there.databaseUrl, 1)
    const phone = there.phoneOf('tang')
    await phone.start({ path: 'pages/campaign/campaigns' })
    await phone.until('the list', () => phone.sees('#campaign-first_cup_2026'))
    await phone.tap('#campaign-new')
    await phone.until('the form', () => phone.sees('#title'))
    await phone.type('#title', '转发有礼')
    expect(phone.text()).toContain('不能写转发、分享就有好处')
    await phone.type('#title', '冬天的第一盏')
    await phone.type('#words', '天冷了，想请你来坐坐')
    await phone.tap('#view-terms')
    await phone.tap('#more-ideas')
    await phone.tap('发朋友圈')
    expect(phone.text()).toContain('《微信朋友圈使用规范》')
    await phone.tap('朋友的首单')
    await phone.type('#points', '80')
    await phone.tap('#view-limits')
    await phone.type('#budget', '8000')
    expect(phone.text()).not.toContain('不合规')
    await phone.tap('#campaign-save')
    await phone.until('its own page', () => phone.sees('#campaign-stop'))
    const saved = await prisma.referralCampaign.findFirstOrThrow({ where: { title: '冬天的第一盏' } })
    expect(saved).toMatchObject({ rewardPoints: 80, budgetPoints: 8_000, revision: 1, stoppedAt: null })
    await phone.tap('#campaign-stop')
    await phone.type('#stop-reason', '明年再说')
    await phone.tap('#stop-submit')
    await phone.until('its history', () => phone.text().includes('明年再说'))
    expect(await prisma.referralCampaign.findUniqueOrThrow({ where: { campaignId: saved.campaignId } })).toMatchObject({
      revision: 2,
      stoppedAt: expect.any(Date),
    })
    expectLight(phone)
    await close()
  })

  test('picks what a small thing is about, what it brings, for whom and how long; each kind by its own page', async () => {
    const { prisma, close } = openDatabase(there.databaseUrl, 1)
    const [{ articleId }, { templateId }, { sku }] = await Promise.all([
      prisma.article.findFirstOrThrow({ where: { withdrawnAt: null } }),
      prisma.couponTemplate.findFirstOrThrow(),
      prisma.product.findFirstOrThrow({ where: { endsAt: null } }),
    ])
    const phone = there.phoneOf('tang')
    const write = async (title: string, kind: string, terms: () => Promise<void>, limits: () => Promise<void>) => {
      await phone.start({ path: 'pages/campaign/campaign?kind=obligation' })
      await phone.until('the form', () => phone.sees('#title'))
      await phone.tap(kind)
      await phone.type('#title', title)
      await phone.type('#words', '做完以后告诉我们一声')
      await phone.tap('#view-terms')
      await terms()
      await phone.tap('#view-limits')
      await phone.type('#points', '20')
      await phone.type('#budget', '2000')
      await limits()
      await phone.tap('#campaign-save')
      await phone.until('its own page', () => phone.sees('#campaign-stop'))
      return prisma.obligation.findFirstOrThrow({ where: { title } })
    }
    const pick = async (field: string, id: string) => {
      await phone.tap(`#${field}`)
      await phone.until('the choice', () => phone.sees(`#${field}-${id}`))
      await phone.tap(`#${field}-${id}`)
      expect(phone.sees(`#${field}-choice`)).toBe(false)
    }
    const news = await write(
      '把这一篇说给朋友听',
      '传播资讯',
      async () => {
        await pick('article', articleId)
        await phone.type('#due-days', '14')
      },
      async () => {
        await pick('coupon', templateId)
        await phone.tap('黄金起')
      },
    )
    expect(news).toMatchObject({
      counts: 'reader_acted',
      articleId,
      dueDays: 14,
      rewardCoupon: templateId,
      tierGate: 2,
      sku: null,
    })
    const test = await write(
      '先尝一口，说说看',
      '产品测试',
      async () => {
        await pick('product', sku)
        await phone.type('#tries', '2')
      },
      async () => {},
    )
    expect(test).toMatchObject({
      proof: 'handed_in',
      sku,
      mostTries: 2,
      dueDays: null,
      rewardCoupon: null,
      articleId: null,
    })
    expectLight(phone)
    await close()
  })
})
