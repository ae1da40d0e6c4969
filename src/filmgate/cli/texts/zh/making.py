"""Texts of submit, its previews and checks, completion, the manual page and the exit codes."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "metavar.units": "额度",
    "submit.short": "提交视频，不等待完成。",
    "submit.help": "按提示词提交视频后立即退出；输出视频 ID，用 `filmgate watch ID` 等它完成。\n\n"
    "提示词可以写成 `@prompt.md`（文件头部写参数），或用 `-` 表示从标准输入读取。\n\n"
    "\b\n示例：\n  filmgate submit '暴风雨中的灯塔' --seconds 8\n"
    "  filmgate submit @prompt.md | filmgate watch -\n"
    "  filmgate submit '暴风雨中的灯塔' --estimate\n",
    "submit.done": "等待完成：  filmgate watch {id}",
    "submit.not_resumable": "厂商 {provider} 不支持事后查询视频：请用 `filmgate generate`，它会一直等到完成。",
    "interrupt.chat": "视频 {id} 无法继续等待：此厂商只返回一次结果。请到厂商账户里查看。",
    "submit.estimate": "只显示价格和预计时间，不提交。",
    "submit.dry_run": "只显示将要发送的请求，并检查服务器是否会接受，不提交。",
    "submit.print_curl": "把请求输出为 curl 命令；密钥留在 $FILMGATE_API_KEY 里。",
    "submit.budget": "价格超过此数或价格未知时拒绝提交。",
    "submit.confirm_over": "价格超过此数时先询问；没有终端时拒绝提交。",
    "submit.yes": "对 --confirm-over 的询问一律回答“是”。",
    "submit.param": "只有部分引擎接受的参数：{known}；可重复使用。",
    "submit.bad_param": "{value!r} 不是“名称=值”的形式，可用的名称：{known}。",
    "submit.idempotency_key": "幂等键：同一个键提交两次只会生成一个视频。",
    "submit.nothing_sent": "没有提交任何内容。",
    "submit.curl_needs_server": "此命令发往 {url}：请先运行 `filmgate serve`，并把它的密钥放进 {key}。",
    "generate.poll_interval": "每隔 S 秒轮询一次，而不是按服务器的建议。",
    "estimate.unknown": "未知",
    "estimate.units": "{units} 单位",
    "estimate.time": "约 {time}（按你最近的同类视频）",
    "price.per_second": "{units}/秒",
    "price.per_video": "{units}/个",
    "budget.over": "这个视频需要 {price} 单位，预算是 {budget}。没有提交。",
    "budget.unknown": "服务器没有给出 {model} 的价格，无法执行预算限制。没有提交。",
    "confirm.ask": "这个视频需要 {price} 单位。要提交吗？",
    "confirm.no_terminal": "{question} 没有可供确认的终端；请加上 --yes。没有提交。",
    "confirm.declined": "没有提交。",
    "hint.over_budget": "请缩短时长或减小尺寸，或放宽预算。",
    "hint.unsupported": "请改用该厂商支持的功能，或在它前面部署 Filmgate 服务器。",
    "ids.empty_stdin": "标准输入里没有 ID。",
    "column.price": "价格",
    "column.time": "时间",
    "column.request": "请求",
    "column.body": "内容",
    "lint.line": "提示：{remark}",
    "lint.long": "提示词有 {count} 个字符；超过 {most} 后，多数模型会忘记开头。",
    "lint.vague": "提示词没有描述任何可见的内容：请写明主体、地点、光线和动作。",
    "lint.short": "提示词很短：地点、时间、动作和镜头运动只能随机决定。",
    "lint.aspect_ratio": "提示词里有“{word}”，但视频是 {size}；以 --size 为准。",
    "lint.seconds": "提示词提到 {named} 秒，但视频是 {seconds} 秒；以 --seconds 为准。",
    "lint.several_lengths": "提示词提到了多个时长（{named} 秒）；以 --seconds 为准。",
    "lint.quotes": "{mark} 没有成对，无法判断引文到哪里结束。",
    "lint.placeholder": "{word} 像是没有填写的占位符。",
    "lint.technical": "提示词里的“{word}”不起作用；请用 --size 和 --model。",
    "lint.image": "提示词提到“{word}”，但没有附带参考图；用 -i 添加。",
    "completion.short": "设置 shell 自动补全。",
    "completion.help": "输出一段脚本，用 Tab 键补全命令、选项、配置档和最近视频的 ID。\n\n"
    "\b\n仅当前 shell：\n"
    '  eval "$(filmgate completion bash)"\n'
    "永久：\n"
    "  filmgate completion bash >> ~/.bashrc\n"
    "  filmgate completion zsh  >> ~/.zshrc\n"
    "  filmgate completion fish > ~/.config/fish/completions/filmgate.fish\n",
    "man.short": "输出手册页。",
    "man.help": "以 roff 格式输出手册页。\n\n"
    "\b\n示例：\n"
    "  filmgate man | man -l -\n"
    "  filmgate man > ~/.local/share/man/man1/filmgate.1\n",
    "man.name": "名称",
    "man.synopsis": "概要",
    "man.description": "说明",
    "man.environment": "环境变量",
    "man.exit": "退出码",
    "exit.ok": "成功。",
    "exit.error": "其他错误。",
    "exit.usage": "命令行或设置有误。",
    "exit.not_found": "视频不存在或已过期。",
    "exit.key": "API 密钥缺失、无效或没有权限。",
    "exit.temporary": "暂时性错误，请重试。",
    "exit.rejected": "请求被拒绝，不要原样重试。",
    "exit.failed": "视频生成失败。",
    "exit.budget": "余额或预算不足。",
    "exit.disk_full": "磁盘已满。",
    "exit.wait_timeout": "--timeout 已到，视频仍在生成。",
    "exit.exists": "输出文件已存在。",
    "exit.integrity": "下载的数据不是有效的视频。",
    "exit.partial": "所请求的视频中有一部分失败。",
    "exit.interrupted": "Ctrl-C；视频仍在生成。",
}
