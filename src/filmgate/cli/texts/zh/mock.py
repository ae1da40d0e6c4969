"""Texts of the mock upstream."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mock.short": "运行会出错的模拟上游，用来测试客户端。",
    "mock.help": "运行模拟上游：多家厂商的 Sora-2 视频 API，涵盖各种故障。\n\n"
    "在提示词里写上 [mock:NAME]，该视频的任务就会遇到故障 NAME；也可以用 --faults 让一部分任务遇到故障。"
    "视频真实而极小；不做渲染，不产生费用。\n\n"
    "示例：filmgate mock --instant --log mock.jsonl\n\n"
    "示例：filmgate mock --faults all --fault-rate 0.3 --seed 7",
    "mock.dialect": "在 /v1 模拟的经销商；其余的始终位于 /NAME/v1。",
    "mock.flavour": "在 /v1 模拟的模型服务器。",
    "mock.instant": "视频立即完成。",
    "mock.seconds_per_job": "任务的耗时，从最短到最长；默认 30..90。",
    "mock.faults": "从这些故障里抽取：NAME、NAME=参数、NAME*权重，用逗号分隔；或 all。",
    "mock.fault_rate": "遇到 --faults 之一的任务所占比例，0 到 1；默认 0.3。",
    "mock.seed": "随机种子；它与提示词共同决定故障和耗时。",
    "mock.key": "要求的 API 密钥；默认接受任何密钥。",
    "mock.running": "同时生成的视频数上限，超出的创建得到 429。0：不限。默认同该厂商。",
    "mock.creates_per_minute": "每分钟的创建数上限，超出的得到 429。0：不限。默认同该厂商。",
    "mock.any_size": "接受任意偶数尺寸和任意时长：小视频让测试更快。",
    "mock.idempotent": "Idempotency-Key 重复时返回已有的任务。",
    "mock.no_list": "不提供 GET /videos。",
    "mock.model": "提供的模型；可重复。",
    "mock.log": "把每个请求记入此文件，落盘之后才响应；重启时读取。",
    "mock.forget_on_restart": "重启时忘掉 --log 里的任务，如同模型服务器。",
    "mock.host": "监听的地址；默认 127.0.0.1。",
    "mock.port": "监听的端口；0 表示任选空闲端口；默认 8088。",
    "mock.ready_file": "开始接受请求后，把模拟上游的 URL 写入此文件。",
    "mock.list_faults": "列出所有故障，以及对合格客户端的预期结果。",
    "mock.ready": "模拟上游以 {vendor} 的身份监听 {url}",
    "mock.hints": "全部厂商：{origin}/NAME/v1，NAME 可为 {others}\n"
    "日志：{origin}/mock/log  任务：{origin}/mock/jobs  故障：{origin}/mock/faults\n"
    "停机 30 秒：curl -X POST '{origin}/mock/outage?seconds=30'",
    "mock.stopped": "模拟上游已停止。",
    "mock.stage.create": "提交视频时",
    "mock.stage.poll": "轮询状态时",
    "mock.stage.content": "下载时",
    "mock.stage.service": "任何时候",
    "column.stage": "环节",
    "column.argument": "参数",
    "column.says": "故障",
    "column.verdict": "预期结果",
    "metavar.name": "名称",
}
