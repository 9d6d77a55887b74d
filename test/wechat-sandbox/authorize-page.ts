import { escapeHtml, page } from './page'
import type { Person, SandboxApp } from './world'

/** The page where a demo person is picked. `fields` come back with the choice. */
export function authorizePage(app: SandboxApp, people: Person[], fields: Record<string, string>): string {
  const hidden = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('')
  const rows = people
    .map(
      (person) =>
        `<li><button class="row" name="person" value="${escapeHtml(person.key)}">${face(person)}</button></li>`,
    )
    .join('\n')
  const asks = fields.scope === 'snsapi_userinfo' ? '申请获取你的微信身份' : '申请识别你的微信身份'
  return page(
    '选择一个人 · 微信沙箱',
    `<h1>你是谁？</h1>
<p>「${escapeHtml(app.name)}」${asks}。这里是演示用的微信沙箱，选一个人继续。</p>
<form method="post" action="/connect/oauth2/authorize">
${hidden}
<ul>${rows}</ul>
</form>
<p class="foot">真正的微信里，这一步由微信完成。</p>`,
  )
}

/** What WeChat shows when the link is wrong, with the reason for the one who built it. */
export function authorizeProblemPage(problem: string): string {
  return page('链接打不开 · 微信沙箱', `<h1>链接打不开</h1>\n<p class="bad" role="alert">${escapeHtml(problem)}</p>`)
}

/** A person's picture, name and note, for a row. */
export function face(person: { name: string; note: string }): string {
  const first = escapeHtml([...person.name].at(-1) ?? '')
  return `<span class="face" aria-hidden="true">${first}</span><span class="words"><span class="name">${escapeHtml(person.name)}</span><span class="note">${escapeHtml(person.note)}</span></span>`
}
