/** Text made safe to stand in a page or an attribute. */
export function escapeHtml(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (sign) => named[sign] as string)
}

/** A calm page at phone width, light and dark. `title` is plain text, `body` and `script` are ours. */
export function page(title: string, body: string, script = ''): string {
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
${script ? `<script>${script}</script>` : ''}
</body>
</html>`
}

const STYLE = `
:root{--ground:#f2f4f1;--surface:#fff;--ink:#16201c;--ink2:#55615b;--line:#dfe4df;--brand:#1c5a4a;--soft:#e3eee9;--bad:#ab2f2a}
@media (prefers-color-scheme:dark){:root{--ground:#0d1311;--surface:#171e1b;--ink:#edf1ee;--ink2:#aeb9b3;--line:#2b3531;--brand:#8ccbb5;--soft:#1b3029;--bad:#f2968f}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.5 -apple-system,"PingFang SC","HarmonyOS Sans SC","MiSans","Noto Sans CJK SC","Noto Sans SC",sans-serif}
main{max-width:440px;margin:0 auto;padding:32px 16px 48px}
h1{font-size:24px;line-height:1.25;margin:0 0 8px}
h2{font-size:17px;margin:32px 0 8px}
p{margin:0 0 16px;color:var(--ink2)}
a{color:var(--brand)}
ul{list-style:none;margin:0;padding:0;display:grid;gap:8px}
li{min-width:0}
form{margin:0}
.row{display:flex;align-items:center;gap:12px;width:100%;min-height:64px;padding:12px 16px;border:1px solid var(--line);border-radius:16px;background:var(--surface);color:inherit;font:inherit;text-align:left}
button.row,a.row{cursor:pointer;text-decoration:none;transition:background-color 150ms}
button.row:hover,a.row:hover{background:var(--soft)}
:focus-visible{outline:2px solid var(--brand);outline-offset:2px}
.face{flex:none;width:40px;height:40px;border-radius:50%;display:grid;place-items:center;background:var(--soft);color:var(--brand);font-size:17px}
.words{min-width:0;flex:1}
.name{display:block;font-size:17px}
.note{display:block;color:var(--ink2);overflow-wrap:anywhere}
.num{font-variant-numeric:tabular-nums}
.code{font-size:24px;letter-spacing:.12em;color:var(--brand);font-variant-numeric:tabular-nums}
.bad{color:var(--bad)}
.foot{margin-top:24px;font-size:12px}
button.small{min-height:44px;padding:0 16px;border:1px solid var(--line);border-radius:999px;background:transparent;color:var(--brand);font:inherit;cursor:pointer}
output{display:block;color:var(--ink2);overflow-wrap:anywhere;user-select:all}
output:empty{display:none}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
`
