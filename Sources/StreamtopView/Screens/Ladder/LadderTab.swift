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
        if let kernel = flow.kernel { LadderTable.addFacts(self.kernel(kernel, flow), to: &page) }
        return page
    }

    /// About this flow's ends and about this host.
    static func verdicts(_ flow: FlowSnapshot, _ context: ViewContext) -> [Verdict] {
        flow.verdicts.filter { $0.severity > .info }
            + context.snapshot.verdicts.filter { HostVerdicts.rules.contains($0.ruleNumber) }
    }

    /// What the kernel says of the socket, beside what packets say.
    private static func kernel(_ kernel: KernelSample, _ flow: FlowSnapshot) -> [FactGroup] {
        let socket = kernel.socket
        var group = FactGroup(Words.kernelGroup)
        if let process = flow.processes?[kernel.side] { group.add("owner", Words.owner(process)) }
        let phase = socket.bbr?.phase.map { "  " + $0 } ?? ""
        group.add("congestion control", socket.congestionControl.map { $0 + phase })
        group.add("cwnd", socket.congestionWindow.map { ByteText.short($0) })
        group.add("in flight", socket.inFlight.map { ByteText.short($0) })
        let packets =
            flow.roundTrip[kernel.side.reversed].map { "  packets " + DurationText.withUnit($0.smoothed) } ?? ""
        group.add("rtt", socket.smoothedRoundTrip.map { DurationText.withUnit($0) + packets })
        var traffic = FactGroup(Words.kernelTraffic)
        traffic.add("not sent", socket.notSent.map { ByteText.short($0) })
        traffic.add("unread", socket.unread.map { ByteText.short($0) })
        if let pacing = socket.pacingRate { traffic.add("pacing", RateText.withUnit(pacing)) }
        if let delivery = socket.deliveryRate { traffic.add("delivery", RateText.withUnit(delivery)) }
        if let repeats = socket.retransmissions { traffic.count("retransmissions", UInt64(max(0, repeats)), .watch) }
        return [group, traffic]
    }
}

/// Rules about buffers of this host.
enum HostVerdicts {
    static let rules: Set<Int> = [50, 51, 52, 53, 94, 95]
}
