import { face } from './authorize-page'
import { escapeHtml, page } from './page'
import type { Person, World } from './world'

/** The sandbox's front door: who is here, and a login code of theirs by one tap. */
export function homePage(world: World): string {
  const weapp = [...world.apps.values()].find((app) => app.kind === 'weapp')
  const rows = [...world.people.values()].map((person) => row(person, weapp?.appid)).join('\n')
  return page(
    '微信沙箱',
    `<h1>微信沙箱</h1>
<p>它代替微信的服务器，供演示和测试使用；关掉以后什么都不保存。</p>
<ul>
<li><a class="row" href="/sms"><span class="words"><span class="name">收到的短信</span><span class="note">验证码在这里看</span></span></a></li>
</ul>
<h2>演示里的人</h2>
<ul>${rows}</ul>
<p class="foot">登录码等于小程序里 wx.login 得到的 code：一次有效，五分钟过期。</p>`,
    SCRIPT,
  )
}

function row(person: Person, appid: string | undefined): string {
  const phone = person.phone ? escapeHtml(person.phone) : '微信里没有手机号'
  const words = face({ name: person.name, note: person.note })
  const key = escapeHtml(person.key)
  const openid = escapeHtml((appid && person.openids[appid]) || '')
  return `<li><div class="row" style="flex-wrap:wrap">${words}
<button class="small" type="button" data-person="${key}">取登录码</button>
<span class="note num" style="flex-basis:100%">${phone}<br>${openid}</span>
<output style="flex-basis:100%" aria-live="polite"></output></div></li>`
}

const SCRIPT = `
document.addEventListener('click', async (tap) => {
  const button = tap.target.closest('[data-person]')
  if (!button) return
  const output = button.parentElement.querySelector('output')
  try {
    const response = await fetch('/__control/login-code', { method: 'POST', body: JSON.stringify({ person: button.dataset.person }) })
    output.textContent = (await response.json()).code
  } catch { output.textContent = '没有取到，请再试一次' }
})
`
