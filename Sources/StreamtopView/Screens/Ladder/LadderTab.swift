import StreamtopBase
import StreamtopModel

/// The ladders of a flow: each buffer on the way with its share of the delay, and what to change.
enum LadderTab {
    static let tab = FlowTab(name: Words.ladderTab, isPresent: { $0.ladder != nil }, draw: draw)

    @Sendable
    private static func draw(
        _ flow: FlowSnapshot, _ open: OpenFlow, _ context: ViewContext, _ layout: FlowLayout,
        _ cells: inout CellBuffer
    ) {
        guard flow.ladder != nil else {
            cells.put(
                Words.ladderNone, x: 2, y: layout.content.y + 1, .muted, maxWidth: max(0, layout.content.width - 4))
            return
        }
        page(flow, context, width: layout.content.width).show(scroll: open.scroll, in: layout.content, into: &cells)
    }

    static func page(_ flow: FlowSnapshot, _ context: ViewContext, width: Int) -> TallPage {
        var page = TallPage(width: width - 1)
        LadderTable.add(Words.out, Words.ladderOut, LadderRung.of(flow, .out), sum: flow.ladder?.out, to: &page)
        LadderTable.add(
            Words.inward, Words.ladderIn, LadderRung.of(flow, .inward), sum: flow.ladder?.inward, to: &page)
        if let twice = Words.localQueueTwice(flow) {
            page.add(twice)
            page.skip()
        }
        LadderTable.addAdvice(verdicts(flow, context), to: &page)
        if let kernel = flow.kernel { LadderTable.addFacts(KernelFacts.groups(kernel, flow), to: &page) }
        return page
    }

    /// About this flow's ends and about this host.
    static func verdicts(_ flow: FlowSnapshot, _ context: ViewContext) -> [Verdict] {
        flow.verdicts.filter { $0.severity > .info }
            + context.snapshot.verdicts.filter { HostVerdicts.rules.contains($0.ruleNumber) }
    }
}

/// Rules about buffers of this host.
enum HostVerdicts {
    static let rules: Set<Int> = [50, 51, 52, 53, 94, 95]
}
