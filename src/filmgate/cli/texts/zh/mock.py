"""The upstream that misbehaves on purpose."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mock.short": "运行一个会出错的上游，用来测试客户端。",
    "mock.help": "运行一个假上游：多家厂商的 Sora-2 视频 API，各种故障一应俱全。\n\n"
    "在提示词里写上 [mock:NAME]，该影片的任务就会遇到故障 NAME；也可以用 --faults 让一部分任务随机遇到故障。"
    "影片真实而极小；不做渲染，不花一分钱。\n\n"
    "示例：filmgate mock --instant --log mock.jsonl\n\n"
    "示例：filmgate mock --faults all --fault-rate 0.3 --seed 7",
    "mock.dialect": "在 /v1 应答的经销商；其余的照样在 /NAME/v1 应答。",
    "mock.flavour": "在 /v1 应答的模型服务器。",
    "mock.instant": "影片立即完成。",
    "mock.seconds_per_job": "一部影片要多久，从最短到最长；默认 30..90。",
    "mock.faults": "从这些故障里抽取：NAME、NAME=参数、NAME*权重，用逗号分隔；或 all。",
    "mock.fault_rate": "遇到 --faults 之一的任务所占比例，0 到 1；默认 0.3。",
    "mock.seed": "决定哪个提示词遇到哪个故障，以及影片要多久。",
    "mock.key": "要求的 API 密钥；不设则任何密钥都行。",
    "mock.running": "同时进行的影片数，超出则创建得到 429。0：不限。默认：同该厂商。",
    "mock.creates_per_minute": "每分钟的创建数，超出则得到 429。0：不限。默认：同该厂商。",
    "mock.any_size": "接受任意偶数尺寸和任意长度：小影片让测试更快。",
    "mock.idempotent": "Idempotency-Key 能找回它创建的任务。",
    "mock.no_list": "不提供 GET /videos。",
    "mock.model": "所服务的模型；可重复。",
    "mock.log": "把收到的一切记入此文件，落盘之后才应答；重启时读取。",
    "mock.restart_loses": "启动时忘掉 --log 里的任务，如同模型服务器。",
    "mock.host": "监听的地址；默认 127.0.0.1。",
    "mock.port": "监听的端口；0 表示任选空闲端口；默认 8088。",
    "mock.ready_file": "开始应答后，把地址写入此文件。",
    "mock.list_faults": "列出所有故障，以及好的客户端应如何应对。",
    "mock.ready": "假上游以 {vendor} 的身份在 {url} 应答",
    "mock.hints": "同样的服务也在 {origin}/NAME/v1，NAME 可为：{others}\n"
    "日志：{origin}/mock/log  任务：{origin}/mock/jobs  故障：{origin}/mock/faults\n"
    "停摆 30 秒：curl -X POST '{origin}/mock/outage?seconds=30'",
    "mock.stopped": "假上游已停止。",
    "mock.stage.create": "下单时",
    "mock.stage.poll": "查询状态时",
    "mock.stage.content": "下载时",
    "mock.stage.service": "任何时候",
    "column.stage": "环节",
    "column.argument": "参数",
    "column.says": "发生什么",
    "column.verdict": "结论",
    "metavar.name": "名称",
}
