import { DAY_MS } from '@huiyuan/shared/time'
import { signIn } from '../support/running-house'
import { phoneHouse } from './house.fixture'
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
    await phone.tap('#accept-own_cup')
    await phone.until('it is under way', () => !phone.sees('#accept-own_cup') && phone.text().includes('带自己的杯子'))
    await phone.tap('带自己的杯子')
    await phone.until('the whole of it', () => phone.text().includes('怎么算做到'))
    expect(phone.page().page.path).toBe('pages/obligation/obligation')
    expect(phone.complaints()).toEqual([])
  })
})
