import StreamtopBase
import StreamtopModel

/// Bytes under way, the sender's window and the receiver's.
enum WindowChart {
    static let row = ChartRow(
        applies: { $0.tcp != nil || $0.series?.has(.inFlight) == true || $0.quic?[$0.mainSender].inFlight != nil },
        draw: draw)

    @Sendable
    private static func draw(_ reading: ChartReading, _ title: Rect, _ plot: Rect, _ cells: inout CellBuffer) {
        let sender = reading.sender
        let flight = reading.values(.inFlight, sender)
        let congestion = reading.values(.congestionWindow, sender)
        let receive = reading.values(.receiveWindow, sender.reversed)
        // The kernel's own window covers what was concluded from packets: where both are one line, it was right.
        let ofKernel = reading.values(.kernelWindow, sender)
        let used = (flight + congestion + ofKernel).compactMap { $0 }.max() ?? 0
        let lowest = receive.compactMap { $0 }.min() ?? 0
        // A receive window far above everything else would press the rest to the floor; its number is in the title.
        let isWindowInSight = lowest <= max(used * 3, 1)
        let most = isWindowInSight ? max(used, min(receive.compactMap { $0 }.max() ?? 0, used * 3)) : used
        let scale = ChartScale(largest: most, least: 4_000) { ByteText.short($0) }
        reading.chart(
            [
                Chart.Series(values: flight, role: .chartInFlight, form: .area),
                Chart.Series(
                    values: receive.map { isWindowInSight ? $0 : nil }, role: .chartReceiveWindow, form: .dotted),
                Chart.Series(values: congestion, role: .chartCongestionWindow, form: .line),
                Chart.Series(values: ofKernel, role: .accent, form: .line),
            ], scale
        ).draw(in: plot, into: &cells)
        reading.put([values(reading, isWindowInSight)] + remarks(reading), title, &cells)
    }

    private static func values(_ reading: ChartReading, _ isWindowInSight: Bool) -> [TextSpan] {
        let flow = reading.flow
        let sender = reading.sender
        var spans = [TextSpan(Words.bytesTitle, .title)]
        let flight =
            reading.isReading
            ? reading.atCursor(.inFlight, sender).map { Reading(Int($0)) } : flow.displayedInFlight
        spans += reading.spans(
            "■ " + Words.flightLabel, flight.map { $0.bound.prefix + ByteText.short($0.value) }, .chartInFlight)
        let congestion = flow.displayedCongestionWindow
        // Where the flow's window is the kernel's, what packets show stands beside it, and not instead of it.
        let kernel = flow.kernel.flatMap { $0.side == sender && congestion?.bound == .exact ? $0 : nil }
        let displayed =
            reading.isReading
            ? reading.atCursor(.congestionWindow, sender).map { Int($0) }
            : kernel.map(\.estimatedWindow) ?? congestion?.value
        let prefix = kernel == nil ? congestion?.bound.prefix ?? "" : ReadingBound.about.prefix
        spans += reading.spans(
            "━ " + Words.windowLabel, displayed.map { prefix + ByteText.short($0) }, .chartCongestionWindow)
        spans += self.kernel(reading, beside: displayed)
        let receive =
            reading.isReading
            ? reading.atCursor(.receiveWindow, sender.reversed).map { Int($0) } : flow.displayedReceiveWindow?.last
        let sign = flow.displayedReceiveWindow?.scaleUnknown == true ? "≥" : ""
        spans += reading.spans(
            "┄ " + Words.receiveLabel, receive.map { sign + ByteText.short($0) }, .chartReceiveWindow)
        if !isWindowInSight { spans.append(TextSpan(" " + Words.aboveTheChart, .chartReceiveWindow)) }
        return spans
    }

    /// "kernel 168k, off 1.2%": how far what packets show is from what the sender's socket has.
    private static func kernel(_ reading: ChartReading, beside ours: Int?) -> [TextSpan] {
        let socket = reading.flow.kernel.flatMap { $0.side == reading.sender ? $0.socket : nil }
        guard let window = reading.kernelValue(.kernelWindow, now: socket?.congestionWindow.map(Double.init)),
            window > 0
        else { return [] }
        var spans = reading.spans("━ " + Words.kernelLabel, ByteText.short(window), .accent)
        if let ours { spans.append(TextSpan(" " + Words.off(abs(Double(ours) - window) / window), .muted)) }
        return spans
    }

    /// What is said behind the values, each where it fits.
    private static func remarks(_ reading: ChartReading) -> [[TextSpan]] {
        let flow = reading.flow
        var remarks = [[TextSpan("  " + Words.senderIs(reading.sender), .muted)]]
        let window =
            flow.tcp?[reading.sender].congestionWindow ?? flow.quic?[reading.sender].congestionWindow
        guard !reading.isReading, let window else { return remarks }
        if let phase = window.phase { remarks.insert([TextSpan("  " + Words.phase(phase), .label)], at: 0) }
        if window.source == .estimate {
            remarks.append([TextSpan("  \(Words.windowLabel) \(Words.confidence(window.confidence))", .muted)])
        }
        return remarks
    }
}
