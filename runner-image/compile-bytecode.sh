# Compiles the bytecode of the environment at /env, once it is live. Runs see it read-only, so without this every one of
# them would compile what it imports again. It has no hurry: whatever else the machine has to do goes first.
# The image's interpreter does it: the environment's own would execute the packages' .pth files. What is compiled appears
# file by file, each whole; its source is never looked at again (unchecked hash), since nobody can change it.
set -eu
echo "Compiling bytecode"
nice -n 19 python3 -I -m compileall -q -j 1 --invalidation-mode unchecked-hash /env/lib/python3*/site-packages \
    || echo "Some files do not compile; they are left to the interpreter"
echo "Done"
