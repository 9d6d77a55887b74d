import { Router } from 'express'
import { z } from 'zod'
import { page } from './page'
import { deliver } from './serve'
import { keep, type World } from './world'

const letter = z.object({ phone: z.string().regex(/^\+?\d{5,15}$/), text: z.string().min(1).max(500) })

/** A stand-in for an SMS provider (not WeChat): takes messages and shows them. */
export function smsRoutes(world: World): Router {
  const router = Router()
  router.post('/sms/send', (request, response) =>
    deliver(world, '/sms/send', response, async () => {
      const given = letter.safeParse(parseJson(request.body))
      if (!given.success) return { ok: false, problem: 'phone and text are needed' }
      keep(world.sms, { at: new Date(world.clock.now()).toISOString(), ...given.data })
      return { ok: true }
    }),
  )
  router.get('/sms', (_request, response) => {
    response.send(page('短信 · 微信沙箱', BODY, SCRIPT))
  })
  return router
}

function parseJson(body: unknown): unknown {
  try {
    return typeof body === 'string' ? JSON.parse(body) : null
  } catch {
    return null
  }
}

const BODY = `<h1>收到的短信</h1>
<p>演示里发出的短信都到这里，每两秒更新一次。</p>
<ul id="list" aria-live="polite"></ul>
<p id="empty" hidden>还没有短信。在登录页填手机号、点「获取验证码」，短信就会出现在这里。</p>
<p id="away" class="bad" role="status" hidden>连不上沙箱，稍后会自己再试。</p>
<noscript><p>这一页需要 JavaScript 才能自动更新。</p></noscript>`

const SCRIPT = `
const list = document.getElementById('list'), empty = document.getElementById('empty'), away = document.getElementById('away')
let shown = ''
function row(sms) {
  const item = document.createElement('li'), box = document.createElement('div'), words = document.createElement('div')
  const head = document.createElement('span'), text = document.createElement('span'), code = document.createElement('span')
  box.className = 'row'; words.className = 'words'; head.className = 'note num'; text.className = 'name'; code.className = 'code'
  head.textContent = sms.phone + ' · ' + new Date(sms.at).toLocaleTimeString('zh-CN')
  text.textContent = sms.text
  code.textContent = (/\\d{4,8}/.exec(sms.text) || [''])[0]
  words.append(head, text); box.append(words, code); item.append(box)
  return item
}
async function look() {
  try {
    const answer = await (await fetch('/__control/sms')).json()
    const latest = answer.sms.slice(-30).reverse()
    const now = JSON.stringify(latest)
    if (now !== shown) { list.replaceChildren(...latest.map(row)); shown = now }
    empty.hidden = latest.length > 0
    away.hidden = true
  } catch { away.hidden = false }
  setTimeout(look, 2000)
}
look()
`
