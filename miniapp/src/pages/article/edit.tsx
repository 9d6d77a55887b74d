import { momentText } from '@huiyuan/shared/article'
import { View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { back } from '../../lib/nav'
import { refresh, useCommand, useRead } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { OperatorPage } from '../../ui/operator-page'
import { Sheet } from '../../ui/sheet'
import { FaultNote, States } from '../../ui/states'
import './article.css'
import { type DraftFields, fieldsOf, readFields } from './draft-form'
import { Fields } from './fields'
import { Preview } from './preview'
import { StateTag } from './state-tag'

type Opened = RouterOutputs['article']['draft']

/** Writing an article: the fields, how readers will see it, when it is out, and taking it off. For operators. */
export default function EditPage() {
  const { params } = useRouter()
  const articleId = params.id ?? null
  return (
    <OperatorPage
      title={articleId ? '改一篇资讯' : '写一篇资讯'}
      signInWords="登录后，总部运营可以在这里写资讯"
      className="at-desk"
      onRefresh={() => refresh('article.draft')}
    >
      {() => <Opening articleId={articleId} />}
    </OperatorPage>
  )
}

function Opening({ articleId }: { articleId: string | null }) {
  const read = useRead(['article.draft', articleId], () => api.article.draft.query({ articleId }))
  return (
    <States read={read}>
      {(opened) => (
        <Editing key={`${opened.article?.revision ?? 0}`} opened={opened} onSaved={() => void read.reload()} />
      )}
    </States>
  )
}

function Editing({ opened: { article, activities }, onSaved }: { opened: Opened; onSaved: () => void }) {
  const [fields, setFields] = useState<DraftFields>(() => fieldsOf(article, new Date()))
  const [tried, setTried] = useState(false)
  const { form, problems } = readFields(fields)
  const save = useCommand(async (wish: NonNullable<typeof form>, requestId) => {
    const saved = await api.article.save.mutate({
      ...{ requestId, articleId: article?.articleId ?? null, revision: article?.revision ?? null, ...wish },
      obligationId: fields.obligationId,
      publishFrom: wish.publishFrom.toISOString(),
      publishUntil: wish.publishUntil?.toISOString() ?? null,
    })
    await refresh('article.drafts', 'articles', 'article')
    return saved
  })
  const submit = async () => {
    setTried(true)
    if (!form || !(await save.run(form))) return
    if (article) onSaved()
    else back()
  }
  return (
    <View id="editing" className="at-columns">
      <View className="at-columns__form">
        {article && <Standing article={article} />}
        <Fields fields={fields} activities={activities} problems={tried ? problems : []} onChange={setFields} />
        <View className="hy-dock">
          {save.fault && <FaultNote fault={save.fault} onRetry={() => void submit()} />}
          {tried && problems.length > 0 && (
            <View className="hy-caption at-wrong" {...aria({ role: 'alert' })}>
              {`还有 ${problems.length} 处要改`}
            </View>
          )}
          <Button id="save" block busy={save.busy} onTap={() => void submit()}>
            {article?.state === 'withdrawn' ? '保存并重新上线' : '保存'}
          </Button>
          {article && article.state !== 'withdrawn' && <Withdraw article={article} onDone={onSaved} />}
        </View>
      </View>
      <View className="at-columns__look">
        <Preview fields={fields} />
      </View>
    </View>
  )
}

type Article = NonNullable<Opened['article']>

const Standing = ({ article: { state, updatedAt, revision } }: { article: Article }) => (
  <View className="hy-row hy-between at-gap">
    <View className="hy-caption hy-2 hy-num">{`第 ${revision} 稿 · ${momentText(new Date(updatedAt))}`}</View>
    <StateTag state={state} />
  </View>
)

function Withdraw({ article: { articleId, revision }, onDone }: { article: Article; onDone: () => void }) {
  const [asking, setAsking] = useState(false)
  const withdraw = useCommand(async (_: undefined, requestId) => {
    await api.article.withdraw.mutate({ requestId, articleId, revision })
    await refresh('article.drafts', 'articles', 'article')
    return true
  })
  const go = async () => {
    if (!(await withdraw.run(undefined))) return
    setAsking(false)
    onDone()
  }
  return (
    <View className="hy-mt2">
      <Button id="withdraw" kind="line" block onTap={() => setAsking(true)}>
        撤下这一篇
      </Button>
      <Sheet open={asking} onClose={() => setAsking(false)} title="撤下这一篇？">
        <View className="hy-2">读者马上看不到它，已经来过、正在等确认的照常计入。之后保存一次，就会重新上线。</View>
        <View className="hy-dock">
          {withdraw.fault && <FaultNote fault={withdraw.fault} onRetry={() => void go()} />}
          <Button id="withdraw-sure" block busy={withdraw.busy} onTap={() => void go()}>
            撤下
          </Button>
        </View>
      </Sheet>
    </View>
  )
}
