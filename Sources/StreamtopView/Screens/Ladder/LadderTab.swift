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
        let groups = groups(flow, context)
        guard !groups.isEmpty else {
            cells.put(
                Words.ladderNone, x: 2, y: layout.content.y + 1, .muted, maxWidth: max(0, layout.content.width - 4))
            return
        }
        FactsPane.draw(groups, in: layout.content, scroll: open.scroll, into: &cells)
    }

    static func groups(_ flow: FlowSnapshot, _ context: ViewContext) -> [FactGroup] {
        guard let ladder = flow.ladder else { return [] }
        var groups: [FactGroup] = []
        if let out = ladder.out { groups.append(group(Words.ladderOut, out, .out, flow)) }
        if let inward = ladder.inward { groups.append(group(Words.ladderIn, inward, .inward, flow)) }
        if let kernel = flow.kernel { groups.append(self.kernel(kernel, flow)) }
        let advice = advice(flow, context)
        if !advice.lines.isEmpty { groups.append(advice) }
        return groups
    }

    private static func group(
        _ title: String, _ sum: LadderSnapshot.Sum, _ travel: BufferTravel, _ flow: FlowSnapshot
    ) -> FactGroup {
        var group = FactGroup(title)
        let rungs = flow.buffers.filter { $0.direction == travel }
        let longest = rungs.compactMap(\.delay).max() ?? 0
        for rung in rungs {
            let share = longest > 0 ? Double(rung.delay ?? 0) / Double(longest) : 0
            let isLargest = rung.layer == sum.largest
            group.addGauge(name(rung), share, figures(rung, isLargest: isLargest), isLargest ? .chartQueue : .gaugeFill)
        }
        group.add(
            "one way",
            [
                TextSpan(Words.total(sum), sum.total == nil ? .unknown : .value),
                TextSpan("  " + Words.largest(sum, rungs), sum.largest == nil ? .muted : .watch),
            ])
        if !sum.unread.isEmpty { group.add("", Words.unread(sum.unread), .muted) }
        return group
    }

    static func name(_ rung: BufferSnapshot) -> String {
        guard let device = rung.name, rung.layer != .softnet else { return Words.buffer(rung) }
        return "\(Words.layer(rung.layer)), \(device)"
    }

    private static func figures(_ rung: BufferSnapshot, isLargest: Bool) -> String {
        var text = rung.bound == .atMost ? "≤ " : ""
        text += rung.delay.map(DurationText.withUnit) ?? Words.unknown + " ms"
        if let queue = rung.queue, queue > 0 { text += " (queue \(DurationText.withUnit(queue)))" }
        if rung.isPaced { text += " paced" }
        if let occupied = rung.occupiedBytes {
            text += "  " + ByteText.short(occupied)
            if let capacity = rung.capacityBytes { text += " \(Words.of) " + ByteText.short(capacity) }
        }
        text += Words.trend(rung.trend)
        if let drops = rung.drops, drops > 0 { text += "  \(NumberText.grouped(drops)) dropped" }
        return text + (isLargest ? "  ◀" : "")
    }

    /// What the kernel says of the socket, beside what packets say.
    private static func kernel(_ kernel: KernelSample, _ flow: FlowSnapshot) -> FactGroup {
        let socket = kernel.socket
        var group = FactGroup(Words.kernelGroup)
        if let process = flow.processes?[kernel.side] { group.add("owner", Words.owner(process)) }
        group.add("cwnd", socket.congestionWindow.map { ByteText.short($0) })
        group.add("in flight", socket.inFlight.map { ByteText.short($0) })
        let packets =
            flow.roundTrip[kernel.side.reversed].map { "  packets " + DurationText.withUnit($0.smoothed) } ?? ""
        group.add("rtt", socket.smoothedRoundTrip.map { DurationText.withUnit($0) + packets })
        group.add("not sent", socket.notSent.map { ByteText.short($0) })
        group.add("unread", socket.unread.map { ByteText.short($0) })
        if let pacing = socket.pacingRate { group.add("pacing", RateText.withUnit(pacing)) }
        if let delivery = socket.deliveryRate { group.add("delivery", RateText.withUnit(delivery)) }
        let phase = socket.bbr?.phase.map { "  " + $0 } ?? ""
        group.add("congestion control", socket.congestionControl.map { $0 + phase })
        if let repeats = socket.retransmissions { group.count("retransmissions", UInt64(max(0, repeats)), .watch) }
        return group
    }

    /// Of the verdicts about this host and this flow's ends, what to do.
    private static func advice(_ flow: FlowSnapshot, _ context: ViewContext) -> FactGroup {
        var group = FactGroup(Words.ladderAdvice)
        let host = context.snapshot.verdicts.filter { HostVerdicts.rules.contains($0.ruleNumber) }
        for verdict in flow.verdicts.filter({ $0.severity > .info }) + host {
            group.addSentence(Words.rule(verdict), verdict.advice, .text)
        }
        return group
    }
}

/// Rules about buffers of this host.
enum HostVerdicts {
    static let rules: Set<Int> = [50, 51, 52, 53, 94, 95]
}
