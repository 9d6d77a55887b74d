import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { api } from '../lib/api'
import { ownAppid, platform } from '../lib/device'
import { refresh, useCommand, useRead } from '../lib/query'
import { Cell, Panel, Tag } from './blocks'
import { FaultNote } from './states'

type Result = 'accept' | 'reject' | 'ban' | 'filter'

/** Asks for one message of WeChat's, where it is about to be of use; `template` is the server's name for it. */
export const AllowMessage = (wish: { template: string; title: string; id: string }) =>
  platform === 'weapp' ? <Asking {...wish} /> : null

function Asking({ template: wanted, title, id }: { template: string; title: string; id: string }) {
  const { data } = useRead(['templates'], () => api.outbox.templates.query(ownAppid()))
  const template = data?.templates.find(({ key }) => key === wanted)
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
          id={id}
          icon="bell"
          title={title}
          sub={template.remaining > 0 ? `下 ${template.remaining} 次会发到微信` : '点一下，下一次发到微信'}
          end={template.remaining > 0 ? <Tag kind="ok">已开启</Tag> : undefined}
          onTap={() => void allow.run(template.templateId)}
        />
      </Panel>
    </View>
  )
}
