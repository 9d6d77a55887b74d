import type { CampaignKind } from '@huiyuan/shared/campaign'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Empty, States } from '../../ui/states'
import { fieldName, valueText } from './campaign-words'

type Entry = RouterOutputs['campaign']['history']['entries'][number]

/** Who changed what and when, twenty at a time. */
export function History({ kind, campaignId }: { kind: CampaignKind; campaignId: string }) {
  const [before, setBefore] = useState<number | undefined>(undefined)
  const read = useRead(['campaign.history', kind, campaignId, String(before ?? '')], () =>
    api.campaign.history.query({ kind, campaignId, before }),
  )
  return (
    <States read={read}>
      {({ entries, next }) =>
        entries.length === 0 ? (
          <Empty title="还没有改动" sub="以后每次保存和停止，都会记在这里" />
        ) : (
          <View id="history">
            <Panel>
              {entries.map((entry) => (
                <Row key={entry.revision} entry={entry} />
              ))}
            </Panel>
            {next !== null && (
              <View className="hy-dock">
                <Button id="history-more" block kind="line" onTap={() => setBefore(next)}>
                  更早的
                </Button>
              </View>
            )}
          </View>
        )
      }
    </States>
  )
}

function Row({ entry: { deed, at, staffNo, first, reason, changes } }: { entry: Entry }) {
  const now = new Date()
  const then = new Date(at)
  return (
    <View className="cp-entry">
      <View className="hy-row hy-between">
        <Text className="hy-bold">{deed === 'stopped' ? '停止' : first ? '新建' : '改动'}</Text>
        {deed === 'stopped' && <Tag kind="bad">不能再开</Tag>}
      </View>
      <View className="hy-caption hy-3 hy-num">
        {[`${dayWords(then, now)} ${clockText(then)}`, staffNo ?? '已离职的同事'].join(' · ')}
      </View>
      {reason && <View className="hy-2 hy-mt1">{reason}</View>}
      {changes.map(({ field, was, is }) => (
        <View key={field} className="cp-change">
          <Text className="cp-change__name">{fieldName(field)}</Text>
          <Text className="cp-change__words">{`${valueText(field, was, now)} → ${valueText(field, is, now)}`}</Text>
        </View>
      ))}
    </View>
  )
}
