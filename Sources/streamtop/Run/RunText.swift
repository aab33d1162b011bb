import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTerminal
import StreamtopView

/// Standard output is no terminal: the flow table as text, once, at the end. Never an escape code.
enum RunText {
    static func run(_ settings: Settings) throws(ProgramFailure) -> ExitStatus {
        TerminalSignals.install()
        var options = EngineOptions()
        options.collectsEvents = false
        options.tellsRetiredFlows = false
        var run = try AnalysisRun(settings, engine: options)
        var damage: ProgramFailure?
        do throws(ProgramFailure) {
            while !run.isOver, !TerminalSignals.isStopPending {
                if try run.step() == .ended { break }
                run.engine.drainOutputs { _ in }
                RunNotice.print(run.takeNotices(withProblem: true))
            }
        } catch {
            guard error.status == .file else { throw error }
            damage = error
        }
        run.finish()
        RunNotice.print(run.takeNotices(withProblem: true))
        // `-w -` has standard output for itself.
        if settings.writeFile != "-" {
            var output = OutputBuffer()
            output.append(FlowTableText.text(of: run.engine.snapshot()))
            try output.flush()
        }
        if let damage { throw damage }
        return run.failedOutputs.isEmpty ? .done : .failure
    }
}
