//! What a worker can be told to do once it is locked in.

/// What an act gives that got through.
pub(crate) const SUCCEEDED: u32 = 0xffff_0001;

/// What an act leaves behind in memory.
pub(crate) const SECRET: u32 = 0x5ec2_e700;

/// Declares the acts, and their list.
macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// An act; its position in [`Act::ALL`] is its number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Act {
            $($(#[$doc])* $name,)*
        }

        impl Act {
            /// All acts.
            #[allow(dead_code, reason = "only the worker looks acts up by their number")]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

acts! {
    /// Opens a file to read it.
    ReadFile,
    /// Creates a file.
    CreateFile,
    /// Opens the memory of the process in the argument as a file.
    OpenMemory,
    /// Opens a folder.
    ListFiles,
    /// Makes the system call in the argument.
    SystemCall,
    /// Reads memory of the process in the argument.
    ReadProcess,
    /// Attaches to the process in the argument as its debugger.
    TraceProcess,
    /// Kills the process in the argument.
    KillProcess,
    /// Connects to this machine.
    Connect,
    /// Makes a copy of itself.
    Fork,
    /// Runs a program.
    RunProgram,
    /// Starts a thread.
    StartThread,
    /// Asks for new memory that is executable.
    MapExecutable,
    /// Makes memory writable and executable at once.
    MakeWritableCode,
    /// Allocates until it is stopped.
    Allocate,
    /// Allocates memory that is shared, and so nobody's own, until it is stopped.
    AllocateShared,
    /// Makes every open file a terabyte long.
    GrowFiles,
    /// The same, deaf to the signal that ends such a process.
    GrowFilesDeaf,
    /// Raises its own limits.
    RaiseLimits,
    /// Writes past the end of its job's buffers until it is stopped.
    WritePastBuffers,
    /// Writes zeros to its parent until it is stopped.
    FillPipe,
    /// Announces a terabyte of results.
    AnswerTooMuch,
    /// Announces no results.
    AnswerTooLittle,
    /// Answers a job that was not asked.
    AnswerAnotherJob,
    /// Answers as it should, and the next job too, which it has not seen.
    AnswerAhead,
    /// Answers as it should, and reads nothing from then on.
    AnswerAndGoDeaf,
    /// Announces an answer of four gigabytes.
    AnswerEndlessHead,
    /// Answers with a text that commands the terminal.
    AnswerEscapes,
    /// Answers a byte at a time.
    AnswerSlowly,
    /// Sleeps.
    NeverAnswer,
    /// Computes without end.
    Burn,
    /// Writes to address zero.
    Crash,
    /// Ends.
    Exit,
    /// Panics.
    Panic,
    /// Closes its end of the socket and lives on.
    HangUp,
    /// Fills memory with something that no other job may see, and answers.
    LeaveData,
}
