import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useCommand } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import type { Job } from '../../ui/operator-page'
import { FaultNote } from '../../ui/states'
import { momentWords } from './words'

type Finding = RouterOutputs['audit']['verify']

/** Has the store's record been touched? Computed anew with every tap. */
export function AuditView({ job }: { job: Job }) {
  const [found, setFound] = useState<{ finding: Finding; at: string } | null>(null)
  const checking = useCommand((_: Record<string, never>) => api.audit.verify.query())
  const check = async () => {
    const finding = await checking.run({})
    if (finding) setFound({ finding, at: new Date().toISOString() })
  }
  return (
    <View>
      {checking.fault && <FaultNote fault={checking.fault} onRetry={() => void check()} />}
      <Panel pad>
        <View className="hy-title">审计</View>
        <View className="hy-2 hy-mt1">
          {`${job.storeName}里每次收款、退货、核销和设置，都按先后连成一条链，只记编号，不记会员资料。改过、删过、挪过哪一条，一核对就看得出。`}
        </View>
        <View className="hy-dock">
          <Button id="audit-verify" block busy={checking.busy} onTap={() => void check()}>
            {found ? '再核对一次' : '核对'}
          </Button>
        </View>
      </Panel>
      <View>{found && <Found {...found} />}</View>
    </View>
  )
}

const Found = ({ finding, at }: { finding: Finding; at: string }) => (
  <View id="audit-found" className="hy-mt3" {...aria({ role: 'status' })}>
    <Panel pad>
      <View className="hy-row hy-between">
        <View className="hy-title">{auditWords(finding)}</View>
        {finding.intact ? <Tag kind="ok">完整</Tag> : <Tag kind="bad">有断点</Tag>}
      </View>
      <View className="hy-2 hy-mt1">
        {finding.intact
          ? `${momentWords(at)} 逐条算过，都和写下的时候一样。`
          : '请保留现场，先不要改动，联系总部运营。'}
      </View>
    </Panel>
  </View>
)

export function auditWords({ intact, entries, brokenAt }: Finding): string {
  if (intact) return entries > 0 ? `审计链完整 · ${countText(entries)} 条` : '还没有记录'
  return `审计链在第 ${countText(brokenAt ?? 0)} 条断开`
}
