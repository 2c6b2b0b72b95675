"""The words of workbooks and summaries in the languages they are shown in.

English is the key, as it stands in the code; words of the plan's tables (part_time) are keys too. A
word without a translation is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable

LANGUAGES = ("en", "zh")

_EN = {
    "full_time": "full-time",
    "part_time": "part-time",
    "open_h": "open hours",
    "business_day": "business day",
}
_ZH = {
    # Sheets and headings
    "Summary": "摘要",
    "Coverage": "覆盖",
    "Service": "服务水平",
    "Cost": "成本",
    "Not met": "未达成",
    "Budget": "预算",
    "Roster": "排班表",
    "Staffing plan": "排班方案",
    "People and hours": "人员与工时",
    "Notes": "说明",
    "Total": "合计",
    "Files": "文件",
    # Facts of a run
    "Scenario": "情景",
    "Status": "状态",
    "Lower bound": "成本下界",
    "Gap": "差距",
    "Seed": "随机种子",
    "Processor time": "处理器时间",
    "optimal": "最优",
    "feasible": "可行",
    "unmet": "部分未达成",
    "stopped": "已中止",
    # People
    "Contract": "合同",
    "Kind": "类别",
    "Heads": "人数",
    "Hours": "工时",
    "full_time": "全职",
    "part_time": "兼职",
    "temporary": "临时",
    "outsourced": "外包",
    # Roster
    "Name": "姓名",
    "Role": "岗位",
    "Week": "周",
    "Shifts": "班次",
    "Rest": "休息",
    "Away": "缺勤",
    "Code": "代码",
    "Time": "时间",
    "Paid hours": "计薪工时",
    "On duty": "在岗人数",
    "leave": "休假",
    "sick": "病假",
    "training": "培训",
    "unavailable": "不可排班",
    "L": "假",
    "S": "病",
    "T": "训",
    "U": "×",
    "weekend": "周末",
    "holiday": "节假日",
    "made-up working day": "调休上班",
    "closed": "闭店",
    "Type a code from the legend into a cell: hours, rest days and head-counts follow.":
        "在单元格中填入图例代码，工时、休息日与在岗人数会自动更新。",
    # Coverage
    "People scheduled minus people required, by day and time of day":
        "排班人数减需求人数（按日期和时段）",
    "below zero: short of people; above zero: more than required; blank: closed":
        "负数：人手不足；正数：多于需求；空白：不营业",
    "All queues": "全部队列",
    "Date": "日期",
    # Service
    "Queue": "队列",
    "Target": "目标",
    "Promise": "承诺",
    "Period": "周期",
    "interval": "时段",
    "day": "日",
    "week": "周",
    "month": "月",
    "Predicted": "预测",
    "Simulated": "仿真",
    "95 % interval": "95% 区间",
    "from": "下限",
    "to": "上限",
    "Held": "达成",
    "Worst": "最差",
    "worst": "最差",
    "yes": "是",
    "no": "否",
    "answered within {limit}": "{limit}内应答",
    "replied within {limit}": "{limit}内回复",
    "{share} in {limit}": "{limit}内 {share}",
    "mean wait": "平均等待",
    "abandoned": "放弃率",
    "people": "人数",
    "hours": "工时",
    "cost": "成本",
    "people present": "在岗人数",
    "people for requests": "按请求量配人",
    "hours a week": "每周工时",
    "cost per contact": "单次成本",
    "s": "秒",
    "min": "分钟",
    "h": "小时",
    "open_h": "营业小时",
    "business_day": "个工作日",
    "{held} of {all}": "{held}/{all}",
    # Cost
    "Item": "项目",
    "Cost centre": "成本中心",
    "Amount": "金额",
    "Share": "占比",
    "Month": "月份",
    "Difference": "差额",
    "wage": "工资",
    "salary": "月薪",
    "premium": "津贴",
    "overtime": "加班",
    "purchase": "外包采购",
    "hire": "招聘",
    "rule": "规则",
    "wish": "意愿",
    # Not met
    "Quantity": "数量",
    "contacts": "次联系",
    "What": "内容",
    "Where": "位置",
    "Unit": "单位",
    "Rule": "规则",
    "Mode": "方式",
    "Agent": "人员",
    "Rule breaches": "违反的规则",
    "Wishes not granted": "未满足的愿望",
    "law": "法定",
    "hard": "硬性",
    "priced": "计价",
    "All targets and rules are met.": "所有目标与规则均已达成。",
    # Comparison
    "Comparison": "情景对比",
    "Scenarios compared": "情景对比",
    "Hours by contract": "各合同工时",
    "Service of the worst period, simulated (95 %)": "最差周期的仿真服务水平（95%）",
    "the run keeps no plan to tell what was changed": "该运行未保存方案，无法列出改动",
    "Difference of the least possible costs: proved between {low} and {high}":
        "最低可能成本之差：经证明在 {low} 与 {high} 之间",
    "Occupancy": "占用率",
    "Cost per contact": "单次成本",
    "From base to scenario": "从基准到情景",
    "Why": "原因",
    "Bridge": "成本桥",
    "Cause": "原因类别",
    "Section": "类别",
    "Measure": "指标",
    "Inputs": "输入差异",
    "What was changed": "改动内容",
    "Change": "改动",
    "Each line: table, rows, column, old → new": "每行：表、行、列、旧值 → 新值",
    "Run": "运行",
    "Hash of the inputs": "输入哈希",
    "What leads from the base's cost to the scenario's; amounts add up to the cent. Hours: at "
    "the base's mean price; mix: at the base's prices by contract; rates: what is left.":
        "从基准成本到情景成本的各项原因，金额合计精确到分。工时按基准平均单价，结构按基准各合同单价，"
        "其余为费率差异。",
    "volume of contacts": "联系量",
    "hours per contact": "每次联系工时",
    "mix of contracts": "合同结构",
    "hourly rates": "小时费率",
    "penalties": "违约计价",
    "paid_leave": "带薪假",
    "purchase_min": "最低采购量",
    "price_step": "阶梯价",
    "more": "增加",
    "less": "减少",
    "foot": "底",
    "work": "工作量",
    "service": "服务水平",
    "risk": "风险",
    "heads": "人数",
    "status": "状态",
    "gap": "差距",
    "lower bound": "成本下界",
    "difference": "差额",
    "difference of the optima at least": "最优成本差（至少）",
    "difference of the optima at most": "最优成本差（至多）",
    "occupancy": "占用率",
    "share": "比例",
    "promise": "承诺",
    "95 % from": "95% 下限",
    "95 % to": "95% 上限",
    "worst period": "最差周期",
    "periods held": "达成周期",
    "periods": "周期",
    "target periods missed": "未达成的周期数",
    "least margin of a target": "目标最小余量",
    "target with the least margin": "余量最小的目标",
    "rules broken": "违反的规则数",
    "breaches": "次",
    "wishes not granted": "未满足的愿望数",
    "wishes": "个",
    "shortfalls": "缺口数",
    # Weekdays
    "Mon": "一",
    "Tue": "二",
    "Wed": "三",
    "Thu": "四",
    "Fri": "五",
    "Sat": "六",
    "Sun": "日",
}  # fmt: skip


def translator(language: str) -> Callable[[str], str]:
    """Give a function that says an English word in a language.

    Raises
    ------
    ValueError
        The language is none of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        msg = f"language is one of {', '.join(LANGUAGES)}, got {language!r}"
        raise ValueError(msg)
    words = {"en": _EN, "zh": _ZH}[language]
    return lambda text: words.get(text, text)
