"""Making films: the options of generate and its kin, profiles, completion."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "metavar.units": "额度",
    "submit.short": "提交影片请求，不等待。",
    "submit.help": "按提示词提交影片请求后立即返回；输出的结果是影片 ID，用 `filmgate watch ID` 等它完成。\n\n"
    "提示词可以写成 `@prompt.md`（文件开头写参数），或 `-` 表示从标准输入读取。\n\n"
    "\b\n示例：\n  filmgate submit '暴风雨中的灯塔' --seconds 8\n"
    "  filmgate submit @prompt.md | filmgate watch -\n"
    "  filmgate submit '暴风雨中的灯塔' --estimate\n",
    "submit.done": "用这条命令接着等：  filmgate watch {id}",
    "submit.not_resumable": "厂商 {provider} 之后无法再查询影片：请用 `filmgate generate`，它会一直等到完成。",
    "interrupt.chat": "影片 {id} 无法再接着等：此厂商只通知一次。请到厂商账户里查看结果。",
    "submit.estimate": "只显示价格和预计时间。",
    "submit.dry_run": "只显示将要发送的内容，并检查服务器是否会接受。",
    "submit.print_curl": "只把请求输出为 curl 命令；密钥留在 $FILMGATE_API_KEY 里。",
    "submit.budget": "价格超过此数、或价格未知时拒绝提交。",
    "submit.confirm_over": "价格超过此数时先询问；无人可问时拒绝提交。",
    "submit.yes": "不询问：--confirm-over 一律回答“是”。",
    "submit.idempotency_key": "请求的幂等键：同一个键发送两次只会生成一部影片。",
    "submit.nothing_sent": "没有发送任何内容。",
    "submit.curl_needs_server": "此命令发往 {url}：请先运行 `filmgate serve`，并把它的密钥放进 {key}。",
    "generate.poll_interval": "每隔 S 秒查询一次，而不是按服务器的建议。",
    "estimate.unknown": "未知",
    "estimate.units": "{units} 单位",
    "estimate.time": "约 {time}（按你最近的同类影片）",
    "price.per_second": "{units}/秒",
    "price.per_video": "{units}/部",
    "budget.over": "这部影片需要 {price} 单位，预算是 {budget}。没有提交。",
    "budget.unknown": "服务器没有给出 {model} 的价格，无法保证预算。没有提交。",
    "confirm.ask": "这部影片需要 {price} 单位。要生成吗？",
    "confirm.no_terminal": "{question} 无人可以回答；加上 --yes 即为同意。没有提交。",
    "confirm.declined": "没有提交。",
    "hint.over_budget": "请缩短或缩小影片，或放宽预算。",
    "hint.unsupported": "请改用该厂商支持的功能，或在它前面架设 Filmgate。",
    "ids.empty_stdin": "标准输入里没有 ID。",
    "column.price": "价格",
    "column.time": "时间",
    "column.request": "请求",
    "column.body": "内容",
    "lint.line": "提示：{remark}",
    "lint.long": "提示词有 {count} 个字符；超过 {most} 后，多数模型会忘记开头。",
    "lint.vague": "提示词没有说出任何能看见的东西：请写明主体、地点、光线和发生的事。",
    "lint.short": "提示词很短：地点、时间、动作和镜头运动都只能随机决定。",
    "lint.aspect_ratio": "提示词里有“{word}”，但影片是 {size}；以 --size 为准。",
    "lint.seconds": "提示词提到 {named} 秒，但影片是 {seconds} 秒；以 --seconds 为准。",
    "lint.several_lengths": "提示词提到了多个时长（{named} 秒）；以 --seconds 为准。",
    "lint.quotes": "{mark} 没有成对，无法判断引文到哪里结束。",
    "lint.placeholder": "{word} 像是没有填写的占位符。",
    "lint.technical": "提示词里的“{word}”不起作用；请用 --size 和 --model。",
    "lint.image": "提示词提到“{word}”，但没有附带图片；用 -i 添加。",
    "completion.short": "用 Tab 键补全命令、选项和 ID。",
    "completion.help": "输出一段脚本，让 shell 能补全命令、选项、配置档和最近影片的 ID。\n\n"
    "\b\n仅本次：\n"
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
    "exit.not_found": "影片不存在或已过期。",
    "exit.key": "没有密钥、密钥错误，或密钥没有权限。",
    "exit.temporary": "暂时不行，请重试。",
    "exit.rejected": "请求被拒绝，不要重试。",
    "exit.failed": "影片生成失败。",
    "exit.budget": "余额或预算不够。",
    "exit.disk_full": "磁盘已满。",
    "exit.wait_timeout": "--timeout 已到，影片仍在生成。",
    "exit.exists": "输出文件已存在。",
    "exit.integrity": "收到的数据不是完整的影片。",
    "exit.partial": "多个之中只有一部分成功。",
    "exit.interrupted": "Ctrl-C；影片仍在生成。",
}
