// The names of CUDA that an emitted kernel uses, for a processor, and a main function that runs jobs.
//
// The threads of a block are fibers on one thread of the processor. A fiber runs until its next barrier or its
// end; once all stand at a barrier, all go on. What hardware leaves undefined ends the process here: a barrier
// that a thread of the block left out, threads at different barriers, and through the sanitizers every access
// outside an array and every operation without a result. Shared memory keeps what the block before left in
// it, as it does on hardware.
//
// The order in which threads and blocks get their turn is drawn from a seed, since no result may depend on it.

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <ucontext.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#define __device__
#define __forceinline__ inline
#define __global__
#define __launch_bounds__(threads)
#define __shared__ static
#define __syncthreads() shim::barrier(__LINE__)

namespace shim {

struct Index {
    unsigned x, y, z;
};

// A kernel with its arguments already spread out, and the number it has in this executable.
typedef void (*Kernel)(unsigned* const* arguments);

} // namespace shim

static shim::Index threadIdx, blockIdx, gridDim;

namespace shim {

static unsigned program;

[[noreturn]] __attribute__((format(printf, 1, 2))) static void fail(const char* format, ...) {
    std::fprintf(stderr, "shim: program %u, block (%u, %u, %u), thread %u: ", program, blockIdx.x,
                 blockIdx.y, blockIdx.z, threadIdx.x);
    va_list values;
    va_start(values, format);
    std::vfprintf(stderr, format, values);
    va_end(values);
    std::fputc('\n', stderr);
    std::_Exit(3);
}

// Room for the largest private arrays of a workload, and for what the sanitizers add.
static const std::size_t STACK = 1 << 20;

struct Fiber {
    ucontext_t context;
    char* stack = nullptr;
    unsigned thread = 0;
    // The line of the barrier it waits at; 0 while it runs.
    unsigned waits = 0;
    bool ended = false;
    void* fake_stack = nullptr;
};

static ucontext_t scheduler;
static void* scheduler_fake_stack;
static const void* scheduler_stack;
static std::size_t scheduler_stack_size;
static Fiber* current;
static Kernel kernel;
static unsigned* const* arguments;

// Leaves `from`, whose fake stack is kept unless it is never entered again, for `to`.
static void leave(void** fake_stack, const void* stack, std::size_t size, ucontext_t& from,
                  ucontext_t& to) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(fake_stack, stack, size);
#else
    (void)fake_stack, (void)stack, (void)size;
#endif
    swapcontext(&from, &to);
}

static void arrive(void* fake_stack, const void** from, std::size_t* size) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_stack, from, size);
#else
    (void)fake_stack, (void)from, (void)size;
#endif
}

static void barrier(unsigned line) {
    Fiber& fiber = *current;
    fiber.waits = line;
    leave(&fiber.fake_stack, scheduler_stack, scheduler_stack_size, fiber.context, scheduler);
    arrive(fiber.fake_stack, nullptr, nullptr);
}

static void thread_main() {
    arrive(nullptr, &scheduler_stack, &scheduler_stack_size);
    kernel(arguments);
    Fiber& fiber = *current;
    fiber.ended = true;
    leave(nullptr, scheduler_stack, scheduler_stack_size, fiber.context, scheduler);
}

static void resume(Fiber& fiber) {
    current = &fiber;
    threadIdx.x = fiber.thread;
    fiber.waits = 0;
    leave(&scheduler_fake_stack, fiber.stack, STACK, scheduler, fiber.context);
    arrive(scheduler_fake_stack, nullptr, nullptr);
}

// Numbers in an order that the seed decides: 0 leaves them as they are, 1 turns them round.
static std::vector<unsigned> shuffled(unsigned count, std::uint64_t seed) {
    std::vector<unsigned> order(count);
    std::iota(order.begin(), order.end(), 0u);
    if (seed == 1) {
        std::reverse(order.begin(), order.end());
        return order;
    }
    for (unsigned at = count; seed != 0 && at > 1; at--) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        std::swap(order[at - 1], order[(seed >> 33) % at]);
    }
    return order;
}

static void run_block(std::vector<Fiber>& fibers) {
    for (Fiber& fiber : fibers) {
        fiber.waits = 0;
        fiber.ended = false;
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack;
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, thread_main, 0);
    }
    for (;;) {
        for (Fiber& fiber : fibers) {
            resume(fiber);
        }
        const Fiber& first = fibers.front();
        for (const Fiber& fiber : fibers) {
            threadIdx.x = fiber.thread;
            if (fiber.ended != first.ended) {
                fail("a thread ended while another waits at the barrier in line %u",
                     fiber.waits + first.waits);
            }
            if (fiber.waits != first.waits) {
                fail("it waits at the barrier in line %u, thread %u at the one in line %u",
                     fiber.waits, first.thread, first.waits);
            }
        }
        if (first.ended) {
            return;
        }
    }
}

// Runs a kernel over a grid of blocks of threads.
static void launch(Kernel run, unsigned* const* with, Index grid, unsigned threads,
                   unsigned seed) {
    static std::vector<char*> stacks;
    while (stacks.size() < threads) {
        void* stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED) {
            fail("no memory for its stack");
        }
        stacks.push_back(static_cast<char*>(stack));
    }
    kernel = run;
    arguments = with;
    gridDim = grid;
    std::vector<Fiber> fibers(threads);
    const std::vector<unsigned> order = shuffled(threads, seed);
    for (unsigned at = 0; at < threads; at++) {
        fibers[at].thread = order[at];
        fibers[at].stack = stacks[at];
    }
    for (unsigned block : shuffled(grid.x * grid.y * grid.z, seed)) {
        blockIdx = {block % grid.x, block / grid.x % grid.y, block / grid.x / grid.y};
        run_block(fibers);
    }
}

// A file of 32-bit words.
struct Words {
    std::FILE* file;

    unsigned next() {
        unsigned word;
        all(&word, 1);
        return word;
    }

    void all(unsigned* words, std::size_t count) {
        if (std::fread(words, sizeof(unsigned), count, file) != count) {
            fail("the jobs end early");
        }
    }
};

// Runs the jobs in the first file: a number of jobs, and for each the kernel's number, the seed, the grid, the
// threads of a block, the number of arguments, and for each of them its words after their count. Leaves the
// words of all arguments in the second file.
static int run_jobs(const Kernel* kernels, unsigned count, int argc, char** argv) {
    if (argc != 3) {
        fail("usage: %s JOBS RESULTS", argv[0]);
    }
    Words jobs = {std::fopen(argv[1], "rb")};
    std::FILE* results = std::fopen(argv[2], "wb");
    if (!jobs.file || !results) {
        fail("cannot open the files");
    }
    for (unsigned left = jobs.next(); left > 0; left--) {
        program = jobs.next();
        const unsigned seed = jobs.next();
        Index grid;
        grid.x = jobs.next();
        grid.y = jobs.next();
        grid.z = jobs.next();
        const unsigned threads = jobs.next();
        // Each argument has an allocation of its own, which the sanitizer fences in.
        std::vector<std::vector<unsigned>> buffers(jobs.next());
        std::vector<unsigned*> pointers;
        for (std::vector<unsigned>& buffer : buffers) {
            buffer.resize(jobs.next());
            jobs.all(buffer.data(), buffer.size());
            pointers.push_back(buffer.data());
        }
        if (program >= count) {
            fail("there is no such program");
        }
        launch(kernels[program], pointers.data(), grid, threads, seed);
        for (const std::vector<unsigned>& buffer : buffers) {
            if (std::fwrite(buffer.data(), sizeof(unsigned), buffer.size(), results) !=
                buffer.size()) {
                fail("cannot write the results");
            }
        }
    }
    return std::fclose(results) == 0 ? 0 : 3;
}

} // namespace shim

template <typename Word> static inline Word atomicAdd(Word* place, Word value) {
    return std::exchange(*place, *place + value);
}

template <typename Word> static inline Word atomicMin(Word* place, Word value) {
    return std::exchange(*place, value < *place ? value : *place);
}

template <typename Word> static inline Word atomicMax(Word* place, Word value) {
    return std::exchange(*place, *place < value ? value : *place);
}

template <typename Word> static inline Word atomicAnd(Word* place, Word value) {
    return std::exchange(*place, *place & value);
}

template <typename Word> static inline Word atomicOr(Word* place, Word value) {
    return std::exchange(*place, *place | value);
}

template <typename Word> static inline Word atomicXor(Word* place, Word value) {
    return std::exchange(*place, *place ^ value);
}
