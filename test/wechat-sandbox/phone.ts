import { useCode } from './code'
import { ApiRefusal, type Endpoint, getText } from './endpoint'

export const phoneEndpoints: Endpoint[] = [
  {
    path: '/wxa/business/getuserphonenumber',
    method: 'POST',
    token: true,
    answer(world, asked, app) {
      const text = getText(asked.body, 'code')
      const owner = world.people.get(world.codes.get(text)?.personKey ?? '')
      // With an openid WeChat also checks whose code it is; the code survives a mistaken one.
      if (asked.body.openid !== undefined && owner && owner.openids[app.appid] !== asked.body.openid) {
        throw new ApiRefusal(40029, 'invalid code')
      }
      const { person } = useCode(world, 'phone', app.appid, text)
      const [countryCode, pure] = splitPhone(person.phone ?? '')
      // WeChat's table says text, its example has a number: a client must take both.
      return {
        errcode: 0,
        errmsg: 'ok',
        phone_info: {
          phoneNumber: countryCode === '86' ? pure : `+${countryCode}${pure}`,
          purePhoneNumber: pure,
          countryCode: Number(pure) % 2 === 0 ? countryCode : Number(countryCode),
          watermark: { timestamp: Math.floor(world.clock.now() / 1000), appid: app.appid },
        },
      }
    },
  },
]

function splitPhone(phone: string): [string, string] {
  const known = /^\+(86|852|853|886|1|44|81|65)(\d+)$/.exec(phone)
  return known ? [known[1] as string, known[2] as string] : ['86', phone.replace(/\D/g, '')]
}
