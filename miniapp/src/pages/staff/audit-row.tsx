import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useCommand } from '../../lib/query'
import { Cell, Panel, Tag } from '../../ui/blocks'
import { FaultNote } from '../../ui/states'

type Finding = RouterOutputs['audit']['verify']

/** For a manager: has the store's record been touched? Computed anew with every tap. */
export function AuditRow() {
  const [finding, setFinding] = useState<Finding | null>(null)
  const checking = useCommand((_: Record<string, never>) => api.audit.verify.query())
  const check = async () => {
    const found = await checking.run({})
    if (found) setFinding(found)
  }
  return (
    <View className="hy-mt3">
      {checking.fault && <FaultNote fault={checking.fault} onRetry={() => void check()} />}
      <Panel>
        <Cell
          id="audit-verify"
          icon="shield"
          title={checking.busy ? '正在核对…' : wordsOf(finding)}
          sub={finding?.intact === false ? '请保留现场，联系总部运营' : '每次操作连成一条链，改了就看得出'}
          end={finding && !checking.busy && (finding.intact ? <Tag kind="ok">完整</Tag> : <Tag kind="bad">有断点</Tag>)}
          onTap={() => void check()}
        />
      </Panel>
    </View>
  )
}

function wordsOf(finding: Finding | null): string {
  if (!finding) return '核对审计链'
  if (finding.intact) return `审计链完整 · ${countText(finding.entries)} 条`
  return `审计链在第 ${countText(finding.brokenAt ?? 0)} 条断开`
}
