import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopModel
import StreamtopView

/// What ten pictures a second of a thousand flows cost: making the snapshot, ordering and drawing it, finding what
/// changed. Painting by the terminal library comes on top and depends on the terminal.
struct RedrawCost {
    var flows = 0
    var snapshotMilliseconds = 0.0
    var drawMilliseconds = 0.0
    var diffMilliseconds = 0.0

    /// Share of one core at ten pictures a second, in percent.
    var percentAtTenHertz: Double { snapshotMilliseconds + drawMilliseconds + diffMilliseconds }

    /// Replays `path` in step with the pictures: ten of them per second of capture time.
    static func measure(path: String, width: Int, height: Int) throws -> RedrawCost {
        var options = EngineOptions()
        options.keepsSeries = true
        options.collectsEvents = false
        var engine = EngineGroup(options: options)
        let source = try CaptureFileSource(path: path)
        var batch = FrameBatch()
        var cost = RedrawCost()
        var state = ViewState(width: width, height: height)
        var displayed: CellBuffer?
        var pictures = 0.0
        var nextPicture: Timestamp?
        while try source.read(into: &batch) == .frames {
            engine.ingest(batch)
            guard engine.now >= nextPicture ?? engine.now else { continue }
            nextPicture = engine.now + .milliseconds(100)

            let began = ownSeconds()
            let context = ViewContext(
                snapshot: engine.snapshot(), now: engine.now.nanoseconds,
                source: SourceLabel(kind: .file, name: "bench"))
            let made = ownSeconds()
            var cells = CellBuffer(width: width, height: height)
            ViewReducer.advance(&state, in: context)
            Frontend.render(context, state, into: &cells)
            let drawn = ownSeconds()
            let runs = CellDiff(from: displayed, to: cells).runs.count
            let done = ownSeconds()
            displayed = cells
            precondition(runs >= 0)
            cost.flows = max(cost.flows, context.snapshot.flows.count)
            cost.snapshotMilliseconds += (made - began) * 1000
            cost.drawMilliseconds += (drawn - made) * 1000
            cost.diffMilliseconds += (done - drawn) * 1000
            pictures += 1
        }
        guard pictures > 0 else { return cost }
        cost.snapshotMilliseconds /= pictures
        cost.drawMilliseconds /= pictures
        cost.diffMilliseconds /= pictures
        return cost
    }

    /// CPU time of this process so far.
    private static func ownSeconds() -> Double {
        var usage = rusage()
        unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
        return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6 + Double(usage.ru_stime.tv_sec)
            + Double(usage.ru_stime.tv_usec) / 1e6
    }
}
