import StreamtopBase
import StreamtopModel

/// The buffers of this host, from device to socket, and what to change.
enum LadderScreen {
    static let page = PageRow(
        page: .host, name: Words.ladderPage, digit: nil, keys: .host, isFiltered: false,
        count: { $0.verdicts.count { HostVerdicts.rules.contains($0.ruleNumber) } },
        isPresent: { $0.host != nil },
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        copied: { _, context in
            verdicts(context).first?.advice
        },
        move: { movement, state, _, page in
            state.hostScroll = movement.moved(state.hostScroll, count: CaptureScreen.lineLimit, page: page)
        })

    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        let area = layout.content
        guard let host = context.snapshot.host else {
            cells.put(Words.hostNone, x: 2, y: area.y + 1, .muted, maxWidth: max(0, area.width - 4))
            return
        }
        page(host, context, width: area.width).show(scroll: state.hostScroll, in: area, into: &cells)
    }

    static func page(_ host: HostSnapshot, _ context: ViewContext, width: Int) -> TallPage {
        var page = TallPage(width: width - 1)
        LadderTable.add(Words.out, Words.hostOut, LadderRung.of(host, .out), to: &page)
        LadderTable.add(Words.inward, Words.hostIn, LadderRung.of(host, .inward), to: &page)
        LadderTable.addAdvice(verdicts(context), to: &page)
        let compared = KernelFacts.comparison(context.snapshot.kernelComparison)
        LadderTable.addFacts(
            [counters(host), unread(host), settings(host), compared].filter { !$0.lines.isEmpty }, to: &page)
        return page
    }

    static func verdicts(_ context: ViewContext) -> [Verdict] {
        context.snapshot.verdicts.filter { HostVerdicts.rules.contains($0.ruleNumber) }
    }

    private static func counters(_ host: HostSnapshot) -> FactGroup {
        var group = FactGroup(Words.hostCounters)
        for counter in host.counters {
            group.add(
                (counter.namespace.map { "\($0) " } ?? "") + counter.name,
                [
                    TextSpan(NumberText.grouped(counter.rise), .value),
                    TextSpan("  \(NumberText.fixed(counter.perSecond, decimals: 1))/s", .muted),
                ])
        }
        return group
    }

    private static func unread(_ host: HostSnapshot) -> FactGroup {
        var group = FactGroup(Words.hostUnread)
        for unread in host.unread {
            // Of a namespace nothing at all is read, and its name tells which.
            let isNamespace = unread.name.hasPrefix("namespace ")
            group.addSentence(
                isNamespace ? unread.name : Words.layer(unread.layer) + " " + unread.name, unread.reason, .muted)
        }
        return group
    }

    private static func settings(_ host: HostSnapshot) -> FactGroup {
        var group = FactGroup(Words.hostSettings)
        let settings = host.settings
        group.add("tcp_congestion_control", settings.congestionControl)
        group.add("default_qdisc", settings.defaultDiscipline)
        group.add("tcp_rmem, largest", settings.tcpReceiveMaximum.map { ByteText.short($0) })
        group.add("tcp_wmem, largest", settings.tcpSendMaximum.map { ByteText.short($0) })
        group.add("rmem_max", settings.receiveMaximum.map { ByteText.short($0) })
        group.add("netdev_max_backlog", settings.maximumBacklog.map { NumberText.grouped($0) })
        group.add("slow_start_after_idle", settings.slowStartAfterIdle.map { $0 ? "on" : "off" })
        group.add("tcp_mtu_probing", settings.mtuProbing.map { "\($0)" })
        group.add("tcp_ecn", settings.ecn.map { "\($0)" })
        group.add(
            "sockets",
            host.sockets.tcp.map {
                "\(NumberText.grouped($0)) TCP" + (host.sockets.udp.map { ", \(NumberText.grouped($0)) UDP" } ?? "")
            })
        if let pressure = host.processorPressure {
            group.add("waiting for a processor", PercentText.whole(pressure), pressure > 0.2 ? .watch : .value)
        }
        return group
    }
}
