import StreamtopBase
import StreamtopModel

/// What the reducer asks the program to do; it does nothing itself.
package enum Effect: Equatable, Sendable {
    case quit
    /// Stop the process as the shell's job control does; the terminal is given back first.
    case suspend
    /// Forget what the terminal shows and paint everything.
    case repaint
    /// Live: stop showing new pictures while the capture goes on. Replay: stop the replay.
    case setPaused(Bool)
    /// Replay: show the next frames up to the next picture, then pause again.
    case step
    case seek(SeekTarget)
    /// Replay: capture seconds a second; infinite for "as fast as it goes".
    case setSpeed(Double)
    case setLooping(Bool)
    /// Keep a long series for this flow; nil for none.
    case selectFlow(FlowIdentifier?)
    /// Write the packets of this flow to a file, from now (live) or all (replay).
    case writeFlow(FlowIdentifier)
    /// End the file of this flow; nil: all files that packets are written to.
    case endRecordings(of: FlowIdentifier?)
    /// Draw with this theme; it stays for the session.
    case useTheme(String)
    /// Also remember it in the configuration file.
    case saveTheme(String)
    /// Remember columns, order, filter and span in the configuration file.
    case saveView(ViewSettings)
    /// Write the table as it stands to a new file.
    case exportView(ViewExport.Format, String)
    /// Put text on the clipboard (OSC 52, or as the terminal can).
    case copy(String)
    /// Start counting anew.
    case reset
}

package enum SeekTarget: Equatable, Sendable {
    case by(Nanoseconds)
    /// Offset from the capture's first frame.
    case to(Nanoseconds)
    case end
}
