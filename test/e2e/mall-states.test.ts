import type { BrowserContextOptions } from 'playwright-core'
import { testDatabase } from '../support/database'
import { customerOf, type NextCode } from './customer'
import { mallStates } from './mall-states'
import { FLAWLESS, flawsOf } from './page-checks.fixture'
import { type Holder, NAMES, openPlace } from './places'
import { PHONE, signInAs, startWebHouse, type WebHouse } from './web-house'

jest.setTimeout(60_000)

const SMALL = { ...PHONE, viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 }
type State = NonNullable<BrowserContextOptions['storageState']>
const database = testDatabase()
const kept = new Map<Holder, State>()
let there: WebHouse
let nextCode: NextCode

beforeAll(async () => {
  there = await startWebHouse(database.url, { members: 3 })
  nextCode = await customerOf(there, 'mei')
  for (const who of ['guest', 'member'] as const) {
    const screen = await there.open(SMALL)
    await signInAs(screen, there.url, NAMES[who])
    kept.set(who, await screen.context.storageState())
    await screen.context.close()
  }
}, 90_000)
afterAll(() => there?.stop())

describe.each(mallStates(() => new Date()).map((state) => ({ ...state, name: state.place.name })))(
  '$name',
  ({ place, before }) => {
    test('fits 320 px, also with words of 130 %; no barrier in light and dark; no error', async () => {
      const screen = await there.open({ ...SMALL, storageState: kept.get(place.who) as State })
      await before?.(screen)
      await openPlace(screen.page, there.url, place, nextCode)
      const { complaints } = screen
      expect({ ...(await flawsOf(screen.page)), complaints }).toEqual({ ...FLAWLESS, complaints: [] })
      await screen.context.close()
    })
  },
)
