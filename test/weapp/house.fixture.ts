import { seedFor } from '../story/demo-people.fixture'
import { WEAPP_DIST } from '../support/builds'
import { testDatabase } from '../support/database'
import { type RunningHouse, startHouse } from '../support/running-house'
import { DEMO_APPS } from '../wechat-sandbox'
import { createPhone, type Phone, type PhoneOptions } from './runtime/phone'

/** The built mini-program before a real server with the demo brand; phones belong to people of the WeChat sandbox. */
export interface PhoneHouse {
  readonly house: RunningHouse
  readonly url: string
  readonly databaseUrl: string
  /** A phone in the hand of this person, not started yet. It is closed after the tests of the file. */
  phoneOf(person: string, options?: Partial<PhoneOptions>): Phone
}

/** How far a test moves a phone's clock to see the next code of 30 s soon: the server takes one code ahead, no more. */
export const NEARLY_ONE_CODE_MS = 27_000

/** Call it at the top of a test file; everything is there from beforeAll on. */
export function phoneHouse(): PhoneHouse {
  const database = testDatabase()
  const phones: Phone[] = []
  let house: RunningHouse | null = null
  const there = () => {
    if (!house) throw new Error('the house is there from beforeAll on')
    return house
  }
  beforeAll(async () => {
    house = await startHouse(database.url)
    await seedFor(database.url, house.masterKey)
  })
  afterAll(async () => {
    for (const phone of phones) phone.close()
    await house?.stop()
  })
  return {
    get house() {
      return there()
    },
    get url() {
      return there().bffs[0]?.url as string
    },
    get databaseUrl() {
      return database.url
    },
    phoneOf(person, options = {}) {
      const { control } = there().sandbox
      const phone = createPhone({
        dist: WEAPP_DIST,
        baseUrl: there().bffs[0]?.url as string,
        appid: DEMO_APPS.weapp.appid,
        ...options,
        holder: {
          loginCode: () => control.loginCode(person),
          phoneCode: () => control.phoneCode(person),
          allowsMessage(templateId) {
            control.accept(person, templateId)
            return 'accept'
          },
          ...options.holder,
        },
      })
      phones.push(phone)
      return phone
    },
  }
}
