import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { api } from '../../lib/api'
import { refresh, useCommand, useRead } from '../../lib/query'
import { Cell, Panel, Tag } from '../../ui/blocks'
import { FaultNote } from '../../ui/states'

type Result = 'accept' | 'reject' | 'ban' | 'filter'

/** Asks for one message at the moment it is of use: before paying, when points are about to come. */
export function AllowMessages() {
  const { data } = useRead(['templates'], () => api.outbox.templates.query())
  const template = data?.templates.find(({ key }) => key === 'points_arrived')
  const allow = useCommand(async (templateId: string, requestId) => {
    const answer = (await Taro.requestSubscribeMessage({ tmplIds: [templateId], entityIds: [] })) as unknown as Record<
      string,
      Result
    >
    const result = answer[templateId]
    if (result) await api.outbox.allow.mutate({ requestId, results: [{ templateId, result }] })
    await refresh('templates')
  })
  if (!template) return null
  return (
    <View className="hy-mt4">
      {allow.fault && <FaultNote fault={allow.fault} />}
      <Panel>
        <Cell
          id="allow-points"
          icon="bell"
          title="积分到账告诉我"
          sub={template.remaining > 0 ? `下 ${template.remaining} 次会发到微信` : '点一下，下一次发到微信'}
          end={template.remaining > 0 ? <Tag kind="ok">已开启</Tag> : undefined}
          onTap={() => void allow.run(template.templateId)}
        />
      </Panel>
    </View>
  )
}
