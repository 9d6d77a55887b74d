import { WEAPP_DIST } from '../support/builds'
import { phoneHouse } from './house.fixture'
import { FIRST_BYTES, LATER_BYTES } from './light.fixture'
import type { Shared } from './runtime/hands'
import type { Phone } from './runtime/phone'
import { readProgram } from './runtime/program'
import type { PhoneStorage } from './runtime/storage'
import { measure, nameOf, type ViewNode, walk } from './runtime/tree'
import { describeWithWcc } from './wcc.fixture'

const NODES = 600
const DEPTH = 25

/** Somebody new, a member, and the manager of a shop. */
const PEOPLE = ['he', 'mei', 'zhou']

const { phoneOf } = phoneHouse()
const program = readProgram(WEAPP_DIST)
const paths = program.pages.map(({ path }) => path)

/** What a page is told of what to show. */
const QUERIES: Record<string, Record<string, string>> = {
  'pages/mall/reward': { rewardId: 'autumn_cup' },
  'pages/article/article': { id: 'first_frost' },
  'pages/obligation/obligation': { id: 'own_cup' },
  'pages/honour/wall': { id: 'tea_knower' },
  'pages/honour/certificate': { id: 'ambassador' },
}

/** What each person's phone remembers after its first start. */
const memories = new Map<string, PhoneStorage>()
/** The worst of each page: bytes of setData, elements, depth. */
const worst: Record<string, { first: number; later: number; nodes: number; depth: number }> = {}

beforeAll(async () => {
  for (const person of PEOPLE) {
    const phone = phoneOf(person)
    await phone.start()
    expect(phone.complaints()).toEqual([])
    memories.set(person, phone.memory)
    phone.close()
  }
})

afterAll(() => console.table(worst))

function noteWorst(path: string, seen: (typeof worst)[string]): void {
  const so = worst[path] ?? seen
  worst[path] = {
    first: Math.max(so.first, seen.first),
    later: Math.max(so.later, seen.later),
    nodes: Math.max(so.nodes, seen.nodes),
    depth: Math.max(so.depth, seen.depth),
  }
}

async function open(person: string, path: string): Promise<Phone> {
  const phone = phoneOf(person, { memory: new Map(memories.get(person)) })
  await phone.start({ path, query: QUERIES[path] ?? {} })
  return phone
}

/** A card in a chat has a title in Chinese and leads to a page that is there. */
function expectGoodShare(shared: Shared | null, from: string): void {
  if (!shared) return
  expect(shared.title).toMatch(/\p{Script=Han}/u)
  const [target = '', query = ''] = (shared.path ?? `/${from}`).split('?')
  expect(target).toMatch(/^\//)
  expect(paths).toContain(target.slice(1))
  expect(query).toMatch(/^([\w.-]+=[^&#\s]*(&|$))*$/)
}

/** What can be tapped and has no name for somebody who cannot see it. */
function namelessOf(root: ViewNode): string[] {
  const tappable = [...walk(root)].filter(({ events, attrs }) => events.has('tap') && attrs.ariaHidden !== true)
  return tappable.filter((node) => nameOf(node) === '').map(({ tag, id, attrs }) => `${tag} ${id} ${attrs.class}`)
}

describeWithWcc.each(PEOPLE)('on the phone of %s', (person) => {
  test.each(paths)(
    '%s opens without a complaint, light enough, not too deep, every control named, and is shared well if at all',
    async (path) => {
      const phone = await open(person, path)
      const { nodes, depth } = measure(phone.page().screen.root())
      const nameless = namelessOf(phone.page().screen.root())
      const sent = phone.journal.setData.filter(({ page }) => page === path)
      const first = sent.find(({ nth }) => nth === 1)?.bytes ?? 0
      const later = Math.max(0, ...sent.filter(({ nth }) => nth > 1).map(({ bytes }) => bytes))
      noteWorst(path, { first, later, nodes, depth })
      expectGoodShare(phone.share(), path)
      phone.close()
      expect(nameless).toEqual([])
      expect(phone.complaints()).toEqual([])
      expect(first).toBeGreaterThan(0)
      expect(first).toBeLessThanOrEqual(FIRST_BYTES)
      expect(later).toBeLessThanOrEqual(LATER_BYTES)
      expect(nodes).toBeLessThan(NODES)
      expect(depth).toBeLessThan(DEPTH)
    },
  )
})

describeWithWcc('home', () => {
  test('can be shared', async () => {
    const phone = await open('mei', program.entry)
    expect(phone.share()).not.toBeNull()
  })
})

describeWithWcc('the start', () => {
  test('on a new phone signs in and then asks once until home is complete', async () => {
    const phone = phoneOf('mei')
    await phone.start()
    const asked = phone.journal.requests.map(({ url, status }) => [/trpc\/([\w.,]+)/.exec(url)?.[1], status])
    expect(asked).toEqual([
      ['session.open', 200],
      ['home.show', 200],
    ])
    expect(phone.sees('#card-points')).toBe(true)
  })

  test('asks one server only, ten at once at most', async () => {
    const phone = phoneOf('mei')
    await phone.start()
    for (const { path } of program.pages.filter(({ tab }) => tab)) await phone.switchTab(path)
    expect(new Set(phone.journal.requests.map(({ origin }) => origin)).size).toBe(1)
    expect(phone.journal.load.queued).toBe(0)
  })

  test('works on an older phone without BigInt, WeakRef and other late comers', async () => {
    const lacking = ['WeakRef', 'FinalizationRegistry', 'AggregateError', 'BigInt', 'BigInt64Array', 'BigUint64Array']
    const phone = phoneOf('mei', { lacking })
    await phone.start()
    expect(phone.complaints()).toEqual([])
  })
})
