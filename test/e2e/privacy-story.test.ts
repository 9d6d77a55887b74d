import { readFileSync } from 'node:fs'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { testDatabase } from '../support/database'
import { tap } from './place'
import { joinWithPhone } from './places'
import { at, type Screen, signInAs, startWebHouse, type WebHouse } from './web-house'

const database = testDatabase()
let there: WebHouse
let phone: Screen
beforeAll(async () => {
  there = await startWebHouse(database.url, { members: 1 })
  phone = await there.open()
})
afterAll(() => there?.stop())

const lastText = () => there.house.sandbox.control.sms().at(-1)?.text ?? ''

test('somebody joins, is no longer picked for, takes their file, asks to leave by a text, and stays after all', async () => {
  const { page } = phone
  await signInAs(phone, there.url, '小林')
  await joinWithPhone(page, lastText)
  await page.goto(`${there.url}/?again#/tabs/me/index`)
  await at(page, 'privacy-open').click()
  await at(page, 'personal-offers').click()
  await page.locator('#personal-offers[aria-checked=false]:visible').waitFor()

  const downloading = page.waitForEvent('download')
  await at(page, 'export').click()
  const file = JSON.parse(readFileSync(await (await downloading).path(), 'utf8'))
  expect(file.关联的身份).toContainEqual(expect.objectContaining({ 类型: '手机号', 号码: '+8613800002207' }))
  expect(file.同意记录).toContainEqual(expect.objectContaining({ 内容: '为你挑选', 撤回时间: expect.any(String) }))
  await page.getByText('已开始下载').waitFor()

  await tap('leave-open', 'leave-ask')(page)
  // a minute later: a phone gets one text a minute
  await runOnce(database.url, 'DELETE FROM sms_code')
  await at(page, 'prove-send').click()
  await page.getByText('验证码已发出').waitFor()
  await at(page, 'prove-code').fill(/\d{6}/.exec(lastText())?.[0] ?? '')
  await at(page, 'prove-submit').click()
  await at(page, 'leaving').waitFor()
  await at(page, 'leave-stay').click()
  await at(page, 'leave').waitFor()
  await at(page, 'head-back').click()
  await page.getByText('先看看会失去什么').waitFor()
  await tap('head-back', 'tab-home')(page)
  await page.getByText('积分好礼').waitFor()
  expect(phone.complaints).toEqual([])
})
